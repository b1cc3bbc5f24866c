//! One integration binary: the library, the command line and the real window, on real input.

mod architecture;
mod compute;
mod dataset;
mod encoder;
mod onnx;
mod preprocess;
mod shaders;
mod tokenize;
mod window;
