"""What is wrong as one thing: a cause and all that it strikes, from its begin to its end."""
