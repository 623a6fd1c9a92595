"""The file formats that Sporemetry shares with other programs, one module each."""
