//! A safe, typed API to SAI, the Switch Abstraction Interface.
