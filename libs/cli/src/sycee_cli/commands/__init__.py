"""One module a command; each holds a function of the command's name, and `sycee_cli.main` lists them."""
