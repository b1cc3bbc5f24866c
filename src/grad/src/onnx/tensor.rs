//! A tensor in memory, as constants and results of models are held.

use super::Elem;
use crate::error::{Error, Result};
use crate::onnx::proto::TensorProto;
use half::{bf16, f16};
use std::sync::Arc;

/// Values of one element type, row-major, little-endian. Clones share the values.
#[derive(Clone, PartialEq)]
pub struct Tensor {
    elem: Elem,
    shape: Vec<usize>,
    bytes: Arc<Vec<u8>>,
}

impl Tensor {
    /// `bytes` as they are.
    ///
    /// # Errors
    /// The type has no fixed width, or the number of bytes is not that of `shape`.
    pub fn new(elem: Elem, shape: Vec<usize>, bytes: Vec<u8>) -> Result<Self> {
        let wanted = elements(&shape).and_then(|n| n.checked_mul(elem.width()?));
        if wanted == Some(bytes.len()) {
            Ok(Self {
                elem,
                shape,
                bytes: Arc::new(bytes),
            })
        } else {
            Err(malformed(format!(
                "a tensor of {elem} {shape:?} holds {} bytes",
                bytes.len()
            )))
        }
    }

    /// float32 values; `values` must have as many elements as `shape`.
    pub fn floats(shape: &[usize], values: &[f32]) -> Self {
        debug_assert_eq!(elements(shape), Some(values.len()));
        Self {
            elem: Elem::F32,
            shape: shape.to_vec(),
            bytes: Arc::new(bytemuck::cast_slice(values).to_vec()),
        }
    }

    /// int64 values; `values` must have as many elements as `shape`.
    pub fn ints(shape: &[usize], values: &[i64]) -> Self {
        debug_assert_eq!(elements(shape), Some(values.len()));
        Self {
            elem: Elem::I64,
            shape: shape.to_vec(),
            bytes: Arc::new(bytemuck::cast_slice(values).to_vec()),
        }
    }

    /// Truth values; `values` must have as many elements as `shape`.
    pub fn bools(shape: &[usize], values: &[bool]) -> Self {
        debug_assert_eq!(elements(shape), Some(values.len()));
        Self {
            elem: Elem::Bool,
            shape: shape.to_vec(),
            bytes: Arc::new(values.iter().map(|&v| u8::from(v)).collect()),
        }
    }

    /// Element type.
    pub fn elem(&self) -> Elem {
        self.elem
    }

    /// Dimensions; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        elements(&self.shape).unwrap_or(0)
    }

    /// Has it no element?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values, little-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same values under another shape of as many elements.
    pub fn reshaped(mut self, shape: &[usize]) -> Option<Self> {
        (elements(shape) == elements(&self.shape)).then(|| {
            self.shape = shape.to_vec();
            self
        })
    }

    /// The values as float32, whatever the type; `None` for text and types without a width.
    pub fn to_floats(&self) -> Option<Vec<f32>> {
        let b = &self.bytes;
        Some(match self.elem {
            Elem::F32 => each(b, f32::from_le_bytes),
            Elem::F64 => each(b, |v: [u8; 8]| f64::from_le_bytes(v) as f32),
            Elem::F16 => each(b, |v| f16::from_le_bytes(v).to_f32()),
            Elem::BF16 => each(b, |v| bf16::from_le_bytes(v).to_f32()),
            _ => self.to_ints()?.into_iter().map(|v| v as f32).collect(),
        })
    }

    /// The values as int64; `None` where the type is not an integer or a truth value.
    pub fn to_ints(&self) -> Option<Vec<i64>> {
        let b = &self.bytes;
        Some(match self.elem {
            Elem::I64 => each(b, i64::from_le_bytes),
            Elem::I32 => each(b, |v| i64::from(i32::from_le_bytes(v))),
            Elem::U8 | Elem::Bool => b.iter().map(|&v| i64::from(v)).collect(),
            Elem::Other(3) => b.iter().map(|&v| i64::from(v as i8)).collect(),
            Elem::Other(4) => each(b, |v| i64::from(u16::from_le_bytes(v))),
            Elem::Other(5) => each(b, |v| i64::from(i16::from_le_bytes(v))),
            Elem::Other(12) => each(b, |v| i64::from(u32::from_le_bytes(v))),
            Elem::Other(13) => each(b, |v| u64::from_le_bytes(v) as i64),
            _ => return None,
        })
    }

    /// The same values as another floating-point type, or as they are where they are no floats.
    #[must_use]
    pub fn in_float32(self) -> Self {
        if !self.elem.is_float() || self.elem == Elem::F32 {
            return self;
        }
        match self.to_floats() {
            Some(values) => Self::floats(&self.shape, &values),
            None => self,
        }
    }

    /// Reads a tensor of the protobuf; `external` are the bytes of its outside data, where it has any.
    ///
    /// # Errors
    /// Negative or overflowing dimensions, text, a packed type, or a number of values that is not that of the shape.
    pub fn from_proto(proto: &TensorProto, external: Option<&[u8]>) -> Result<Self> {
        let name = &proto.name;
        let shape = proto
            .dims
            .iter()
            .map(|&d| usize::try_from(d).ok())
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| malformed(format!("the tensor \"{name}\" has a negative dimension")))?;
        let elem = Elem::from_onnx(proto.data_type);
        let bytes = match external {
            Some(bytes) => bytes.to_vec(),
            None if !proto.raw_data.is_empty() => proto.raw_data.clone(),
            None => typed_fields(proto, elem),
        };
        Self::new(elem, shape, bytes)
            .map_err(|e| malformed(format!("the tensor \"{name}\" cannot be read: {e}")))
    }

    /// The protobuf form, under `name`.
    pub fn to_proto(&self, name: &str) -> TensorProto {
        TensorProto {
            name: name.into(),
            dims: self.shape.iter().map(|&d| d as i64).collect(),
            data_type: self.elem.to_onnx(),
            raw_data: self.bytes.to_vec(),
            ..TensorProto::default()
        }
    }
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.elem, self.shape)
    }
}

/// The number of elements of `shape`, unless it overflows.
pub fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d))
}

fn each<const N: usize, T>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|c| read(*c)).collect()
}

/// Older exporters keep values in typed fields instead of raw bytes.
fn typed_fields(proto: &TensorProto, elem: Elem) -> Vec<u8> {
    let small = |width: usize| -> Vec<u8> {
        let values = proto.int32_data.iter();
        values
            .flat_map(|v| v.to_le_bytes()[..width].to_vec())
            .collect()
    };
    match elem {
        Elem::F32 => proto
            .float_data
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect(),
        Elem::F64 => proto
            .double_data
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect(),
        Elem::I64 => proto
            .int64_data
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect(),
        Elem::Other(13) => proto
            .uint64_data
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect(),
        Elem::Other(12) => proto
            .uint64_data
            .iter()
            .flat_map(|v| (*v as u32).to_le_bytes())
            .collect(),
        other => small(other.width().unwrap_or(1).min(4)),
    }
}

fn malformed(what: String) -> Error {
    Error::request(what, "The file is damaged: export or download it again.")
}
