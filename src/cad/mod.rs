//! glTF bytes in, plain glTF bytes out; inspection.
