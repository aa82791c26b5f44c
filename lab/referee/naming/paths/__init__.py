"""The right derivative altered on some of its paths: forgotten, miscounted, by a false rule."""
