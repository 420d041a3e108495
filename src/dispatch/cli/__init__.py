"""The command line `dispatch`: data on stdout, words on stderr, the same operations as every other face."""
