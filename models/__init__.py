"""The networks of the papers: equations and architecture, one file each."""
