"""`python -m custorg`: a look at a CustOrg from the machine that it runs on, or with its settings."""

from custorg.cli import cli

if __name__ == "__main__":
    cli(prog_name="python -m custorg")
