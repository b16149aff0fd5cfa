//! The program, run as people run it.

mod bed;

mod client;
mod docs;
mod replay;
mod run;
mod standalone;
mod terminal;
mod web;
