//! The same graph by another engine.

use super::*;

/// The outputs of `graph` on tract, as float32; the reason where it does not run there.
pub fn on_tract(graph: &Graph, feeds: &[(&str, &Tensor)]) -> Result<Vec<Vec<f32>>, String> {
    let run = || -> Result<Vec<Vec<f32>>, String> {
        let bytes = graph.encode(Encoded::DATA).model;
        let order: Vec<&Tensor> = graph
            .inputs
            .iter()
            .map(|p| {
                feeds
                    .iter()
                    .find(|(n, _)| *n == p.name)
                    .map(|(_, t)| *t)
                    .ok_or("not fed")
            })
            .collect::<Result<_, _>>()?;
        let model = tract_onnx::onnx()
            .model_for_read(&mut bytes.as_slice())
            .map_err(|e| format!("{e:?}"))?;
        let plan = model
            .into_typed()
            .and_then(IntoRunnable::into_runnable)
            .map_err(|e| format!("{e:?}"))?;
        let inputs = order.iter().map(|t| {
            let values = t.to_floats().unwrap();
            let tensor = tract_onnx::prelude::Tensor::from_shape(t.shape(), &values).unwrap();
            TValue::from(tensor)
        });
        let outputs = plan
            .run(inputs.collect::<tract_onnx::prelude::TVec<_>>())
            .map_err(|e| format!("{e:?}"))?;
        outputs
            .iter()
            .map(|t| {
                let t = t.cast_to::<f32>().map_err(|e| e.to_string())?;
                Ok(t.try_as_plain_ram()
                    .map_err(|e| e.to_string())?
                    .as_slice::<f32>()
                    .map_err(|e| e.to_string())?
                    .to_vec())
            })
            .collect()
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("it panicked".into()))
}
