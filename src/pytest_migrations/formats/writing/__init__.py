"""How a new migration is written, as far as formats do it alike: its version, its name, what a draft holds."""
