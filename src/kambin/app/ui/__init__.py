"""The screens: they read the state and raise calls; nothing here reckons or decides."""
