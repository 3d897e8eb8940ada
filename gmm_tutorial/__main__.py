"""`python -m gmm_tutorial` is the command `gmm-tutorial`, wherever scripts are not on the path."""

from gmm_tutorial.cli import app

app(prog_name="gmm-tutorial")
