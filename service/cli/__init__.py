"""The command line `prospectus`: one file per command group, loaded only when it is asked for."""
