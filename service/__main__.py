"""`python -m service`: the same as the command `prospectus`."""

from service.cli import main

if __name__ == "__main__":
    main(prog_name="prospectus")
