//! An engine for the transform: tract, which is pure Rust and needs no library to be installed.

use nearmiss_grad::onnx::{Effort, Elem, Encoded, Graph, GraphEngine, Program, Tensor};
use nearmiss_grad::{Error, Monitor, Result};
use std::sync::Arc;
use tract_onnx::prelude::{
    DatumType, Framework, InferenceModelExt, IntoRunnable, TValue, TVec, Tensor as Values,
    TractResult, TypedRunnableModel,
};

/// tract. It takes graphs whose shapes are all fixed.
pub struct Tract;

struct Plan {
    model: Arc<TypedRunnableModel>,
    /// The inputs, in the order in which the model takes them.
    inputs: Vec<String>,
}

impl GraphEngine for Tract {
    fn name(&self) -> String {
        "tract".into()
    }

    fn load(&self, graph: &Graph, effort: Effort) -> Result<Box<dyn Program>> {
        let file = graph.encode(Encoded::DATA);
        if file.data.is_some() {
            return Err(Error::engine("its weights are too large for this example"));
        }
        let load = || -> TractResult<_> {
            let model = tract_onnx::onnx().model_for_read(&mut file.model.as_slice())?;
            match effort {
                Effort::Once => model.into_typed()?.into_runnable(),
                Effort::Often | Effort::Beside => model.into_optimized()?.into_runnable(),
            }
        };
        Ok(Box::new(Plan {
            model: load().map_err(|why| Error::engine(format!("{why:#}")))?,
            inputs: graph.inputs.iter().map(|p| p.name.clone()).collect(),
        }))
    }
}

impl Program for Plan {
    fn run(&mut self, feeds: &[(&str, &Tensor)], monitor: &dyn Monitor) -> Result<Vec<Tensor>> {
        monitor.check()?;
        let fed = |name: &String| -> Result<TValue> {
            let found = feeds.iter().find(|(other, _)| other == name);
            let (_, tensor) =
                found.ok_or_else(|| Error::engine(format!("nothing is fed to {name}")))?;
            to_tract(tensor)
        };
        let inputs = self.inputs.iter().map(fed).collect::<Result<TVec<_>>>()?;
        let outputs = self.model.run(inputs);
        let outputs = outputs.map_err(|why| Error::engine(format!("{why:#}")))?;
        outputs.iter().map(|value| from_tract(value)).collect()
    }

    fn provider(&self) -> &'static str {
        "CPU"
    }
}

fn to_tract(tensor: &Tensor) -> Result<TValue> {
    let made = match tensor.elem() {
        Elem::F32 => {
            let values = tensor.to_floats().unwrap_or_default();
            Values::from_shape(tensor.shape(), &values)
        }
        Elem::I64 => {
            let values = tensor.to_ints().unwrap_or_default();
            Values::from_shape(tensor.shape(), &values)
        }
        other => {
            return Err(Error::engine(format!("{other} is not fed in this example")));
        }
    };
    let made = made.map_err(|why| Error::engine(format!("{why:#}")))?;
    Ok(TValue::from(made))
}

fn from_tract(value: &Values) -> Result<Tensor> {
    let shape = value.shape();
    let read = || -> TractResult<Result<Tensor>> {
        Ok(match value.datum_type() {
            DatumType::F64 => {
                let plain = value.try_as_plain_ram()?;
                let bytes = plain
                    .as_slice::<f64>()?
                    .iter()
                    .flat_map(|v| v.to_le_bytes());
                Tensor::new(Elem::F64, shape.to_vec(), bytes.collect())
            }
            DatumType::Bool => Ok(Tensor::bools(
                shape,
                value.try_as_plain_ram()?.as_slice::<bool>()?,
            )),
            kind if kind.is_float() => {
                let floats = value.cast_to::<f32>()?;
                Ok(Tensor::floats(
                    shape,
                    floats.try_as_plain_ram()?.as_slice::<f32>()?,
                ))
            }
            _ => {
                let integers = value.cast_to::<i64>()?;
                Ok(Tensor::ints(
                    shape,
                    integers.try_as_plain_ram()?.as_slice::<i64>()?,
                ))
            }
        })
    };
    read().unwrap_or_else(|why| Err(Error::engine(format!("{why:#}"))))
}
