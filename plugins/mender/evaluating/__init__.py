"""What the mender is worth, beside what else can be run: measured on pictures that no training has seen."""
