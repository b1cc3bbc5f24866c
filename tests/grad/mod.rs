//! The gradient transform: every rule against central differences, whole models against PyTorch, and bad input.

mod activation;
mod arithmetic;
mod attention;
mod broken;
mod command;
mod convolve;
mod einsum;
mod functions;
mod fuse;
mod harness;
mod index;
mod integer;
mod microsoft;
mod models;
mod net;
mod normalise;
mod objectives;
mod older;
mod pad;
mod pool;
mod product;
mod quantise;
mod recurrent;
mod reduce;
mod resample;
mod shape;
