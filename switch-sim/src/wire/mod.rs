//! Zero-copy header views and builders, one file a protocol. Total functions on any bytes.
