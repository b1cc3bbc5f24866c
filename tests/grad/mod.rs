//! The gradient transform: every rule against central differences, whole models against PyTorch, and bad input.

mod activation;
mod arithmetic;
mod broken;
mod command;
mod convolve;
mod functions;
mod harness;
mod index;
mod integer;
mod models;
mod net;
mod normalise;
mod objectives;
mod older;
mod pad;
mod pool;
mod product;
mod quantise;
mod reduce;
mod resample;
mod shape;
