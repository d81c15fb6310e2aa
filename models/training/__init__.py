"""How our own object model is made (README.md beside this file). The product never imports it."""
