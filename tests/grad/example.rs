//! The example that goes through ONNX Runtime.

#[allow(dead_code)]
#[path = "../examples/gradient_through_onnx_runtime.rs"]
mod gradient_through_onnx_runtime;

use super::models::stored_models;
use gradient_through_onnx_runtime::gradient;

#[test]
fn the_example_yields_a_gradient() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let models = stored_models();
    let (_, bytes) = models
        .iter()
        .find(|(name, _)| name == "resnet.dynamo.onnx")
        .unwrap();
    std::fs::write(&path, bytes).unwrap();
    let step = gradient(&path).unwrap();
    let values = step.gradient.to_floats().unwrap();
    assert_eq!(step.loss.len(), step.gradient.shape()[0]);
    assert_eq!(step.gradient.shape().len(), 4);
    assert!(values.iter().all(|v| v.is_finite()) && values.iter().any(|v| *v != 0.0));
}
