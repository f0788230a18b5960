"""A trained model as files that other programs run."""

from narrows.export.files import Exported, export_model, export_run

__all__ = ["Exported", "export_model", "export_run"]
