"""The commands, a file each; a file may import what it needs only when it is carried out."""
