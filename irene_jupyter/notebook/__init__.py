"""The only room that imports IPython and ipywidgets."""
