"""The served model. It stands alone, so that a bundle holds a copy of it: nothing here imports mltool."""
