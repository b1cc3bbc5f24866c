//! The gradient transform: every rule against central differences, whole models against PyTorch, and bad input.

mod arithmetic;
mod broken;
mod command;
mod harness;
mod models;
mod objectives;
mod product;
