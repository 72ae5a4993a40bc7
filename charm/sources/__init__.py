"""Where checks come from: callbacks, definitions, and what is found on the machine."""
