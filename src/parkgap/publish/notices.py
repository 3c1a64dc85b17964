"""What must stand on every result of a what-if, so that nobody takes it for the present state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parkgap.publish.cells import clean

if TYPE_CHECKING:
    from parkgap.publish.text import Text
    from parkgap.study import Study


def whatif_mark(study: Study, t: Text) -> list[str]:
    """Say which plan was tried; nothing where the study was taken as it is.

    The file's name is as it stands: whoever writes it escapes it, as every name.
    """
    if study.whatif is None:
        return []
    return [t("notice.whatif", file=clean(study.whatif.file))]
