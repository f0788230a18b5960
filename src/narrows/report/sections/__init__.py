"""The page's parts, one function a part: what a run says, as records; a part without material is None."""
