"""What more than one suite uses."""
