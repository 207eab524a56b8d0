//! Guards, shown by their removal.
