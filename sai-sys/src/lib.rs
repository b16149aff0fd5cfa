//! Raw FFI bindings to SAI, the Switch Abstraction Interface.
#![no_std]
