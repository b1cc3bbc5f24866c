//! Tensors of graphs as the engine takes and gives them.

use crate::onnx::{Elem, Tensor};
use crate::task::memory;
use half::f16;
use ort::session::SessionInputValue;
use ort::value::{DynValue, TensorElementType, TensorRef, ValueType};

/// A view of `tensor` where its bytes are aligned for its type, else a copy.
pub(super) fn value(tensor: &Tensor) -> ort::Result<SessionInputValue<'_>> {
    let shape = tensor.shape();
    macro_rules! view {
        ($t:ty) => {
            match bytemuck::try_cast_slice::<u8, $t>(tensor.bytes()) {
                Ok(values) => TensorRef::from_array_view((shape, values))?.into(),
                Err(_) => {
                    let mut values = vec![<$t>::default(); tensor.len()];
                    bytemuck::cast_slice_mut(&mut values).copy_from_slice(tensor.bytes());
                    ort::value::Tensor::from_array((shape, values))?.into()
                }
            }
        };
    }
    Ok(match tensor.elem() {
        Elem::F32 => view!(f32),
        Elem::F64 => view!(f64),
        Elem::F16 => view!(f16),
        Elem::I64 => view!(i64),
        Elem::I32 => view!(i32),
        Elem::U8 => view!(u8),
        Elem::Other(3) => view!(i8),
        Elem::Other(4) => view!(u16),
        Elem::Other(5) => view!(i16),
        Elem::Other(12) => view!(u32),
        Elem::Other(13) => view!(u64),
        Elem::Bool => {
            let values: Vec<bool> = tensor.bytes().iter().map(|&b| b != 0).collect();
            ort::value::Tensor::from_array((shape, values))?.into()
        }
        other => return Err(ort::Error::new(format!("{other} cannot be fed"))),
    })
}

/// A copy of an output.
pub(super) fn tensor(value: &DynValue) -> ort::Result<Tensor> {
    let ValueType::Tensor { ty, shape, .. } = value.dtype() else {
        return Err(ort::Error::new("an output is no tensor"));
    };
    // The engine may give no address for no values.
    let empty = shape.contains(&0);
    macro_rules! read {
        ($t:ty, $elem:expr) => {{
            if empty {
                return Tensor::new($elem, sizes(shape), Vec::new())
                    .map_err(|e| ort::Error::new(e.to_string()));
            }
            let (shape, values) = value.try_extract_tensor::<$t>()?;
            ($elem, sizes(shape), copied(bytemuck::cast_slice(values))?)
        }};
    }
    let (elem, shape, bytes) = match ty {
        TensorElementType::Float32 => read!(f32, Elem::F32),
        TensorElementType::Float64 => read!(f64, Elem::F64),
        TensorElementType::Float16 => read!(f16, Elem::F16),
        TensorElementType::Int64 => read!(i64, Elem::I64),
        TensorElementType::Int32 => read!(i32, Elem::I32),
        TensorElementType::Uint8 => read!(u8, Elem::U8),
        TensorElementType::Int8 => read!(i8, Elem::Other(3)),
        TensorElementType::Uint16 => read!(u16, Elem::Other(4)),
        TensorElementType::Int16 => read!(i16, Elem::Other(5)),
        TensorElementType::Uint32 => read!(u32, Elem::Other(12)),
        TensorElementType::Uint64 => read!(u64, Elem::Other(13)),
        TensorElementType::Bool => {
            let (shape, values) = value.try_extract_tensor::<bool>()?;
            let mut bytes = memory::room(values.len()).map_err(ort::Error::wrap)?;
            bytes.extend(values.iter().map(|&v| u8::from(v)));
            (Elem::Bool, sizes(shape), bytes)
        }
        other => {
            return Err(ort::Error::new(format!(
                "an output of type {other} cannot be read"
            )));
        }
    };
    Tensor::new(elem, shape, bytes).map_err(|e| ort::Error::new(e.to_string()))
}

fn copied(bytes: &[u8]) -> ort::Result<Vec<u8>> {
    let mut copy = memory::room(bytes.len()).map_err(ort::Error::wrap)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

fn sizes(shape: &[i64]) -> Vec<usize> {
    shape.iter().map(|&d| d.max(0) as usize).collect()
}
