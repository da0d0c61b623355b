"""Shared kernel, storage, application and command line of the Ilmenau mobility backend."""
