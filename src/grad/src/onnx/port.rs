//! Inputs and outputs of a model: name, element type, dimensions.

use crate::onnx::proto::{ValueInfoProto, tensor_shape_proto::dimension, type_proto};
use std::fmt;

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elem {
    /// 32-bit float.
    F32,
    /// 16-bit float (IEEE half).
    F16,
    /// 64-bit float.
    F64,
    /// 16-bit float with an 8-bit exponent.
    BF16,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// Unsigned byte.
    U8,
    /// Truth value.
    Bool,
    /// Any other, by its number in ONNX's `TensorProto.DataType`; 0 where the value is no tensor.
    Other(i32),
}

impl Elem {
    /// Is it a floating-point type an embedding can have?
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::F64 | Self::BF16)
    }

    /// Bytes of one element; `None` for text and for packed types.
    pub fn width(self) -> Option<usize> {
        Some(match self {
            Self::U8 | Self::Bool | Self::Other(3) => 1,
            Self::F16 | Self::BF16 | Self::Other(4 | 5) => 2,
            Self::F32 | Self::I32 | Self::Other(12) => 4,
            Self::F64 | Self::I64 | Self::Other(13) => 8,
            Self::Other(_) => return None,
        })
    }

    /// Its number in ONNX's `TensorProto.DataType`.
    pub fn to_onnx(self) -> i32 {
        match self {
            Self::F32 => 1,
            Self::U8 => 2,
            Self::I32 => 6,
            Self::I64 => 7,
            Self::Bool => 9,
            Self::F16 => 10,
            Self::F64 => 11,
            Self::BF16 => 16,
            Self::Other(number) => number,
        }
    }

    /// The type of that number in ONNX's `TensorProto.DataType`.
    pub fn from_onnx(number: i32) -> Self {
        match number {
            1 => Self::F32,
            2 => Self::U8,
            6 => Self::I32,
            7 => Self::I64,
            9 => Self::Bool,
            10 => Self::F16,
            11 => Self::F64,
            16 => Self::BF16,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::F64 => "float64",
            Self::BF16 => "bfloat16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::Bool => "bool",
            Self::Other(0) => "not a tensor",
            Self::Other(number) => return write!(f, "ONNX type {number}"),
        })
    }
}

/// One dimension of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// Known, at least 1.
    Fixed(usize),
    /// Bound at run time, with the exporter's name for it.
    Named(String),
    /// Bound at run time, without a name.
    Unknown,
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(size) => write!(f, "{size}"),
            Self::Named(name) => f.write_str(name),
            Self::Unknown => f.write_str("?"),
        }
    }
}

/// One input or output. `Display` writes it as `pixel_values: float32 [batch, 3, 224, 224]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name in the graph.
    pub name: String,
    /// Its element type.
    pub elem: Elem,
    /// Its dimensions; empty where `has_shape` is false, and for a scalar.
    pub dims: Vec<Dim>,
    /// Does the file state a shape?
    pub has_shape: bool,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.elem)?;
        if self.has_shape {
            let dims: Vec<String> = self.dims.iter().map(Dim::to_string).collect();
            write!(f, " [{}]", dims.join(", "))?;
        }
        Ok(())
    }
}

impl Port {
    /// One of `elem` whose dimensions are all known.
    pub fn fixed(name: &str, elem: Elem, shape: &[usize]) -> Self {
        Self {
            name: name.to_owned(),
            elem,
            dims: shape.iter().map(|&d| Dim::Fixed(d)).collect(),
            has_shape: true,
        }
    }

    /// Does a tensor of `shape` fit?
    pub fn accepts(&self, shape: &[usize]) -> bool {
        let fits = |(dim, &size): (&Dim, &usize)| !matches!(dim, Dim::Fixed(d) if *d != size);
        !self.has_shape || (self.dims.len() == shape.len() && self.dims.iter().zip(shape).all(fits))
    }

    /// The sizes that `shape` gives to the named dimensions.
    pub fn bound(&self, shape: &[usize]) -> Vec<(String, usize)> {
        let pairs = self.dims.iter().zip(shape);
        let named = pairs.filter_map(|(dim, &size)| match dim {
            Dim::Named(name) => Some((name.clone(), size)),
            _ => None,
        });
        named.collect()
    }
}

impl From<&ValueInfoProto> for Port {
    fn from(value: &ValueInfoProto) -> Self {
        let kind = value.r#type.as_ref().and_then(|t| t.value.as_ref());
        let tensor = kind.map(|type_proto::Value::TensorType(tensor)| tensor);
        let shape = tensor.and_then(|t| t.shape.as_ref());
        // Some exporters write 0 or -1 for a dimension they do not know.
        let dim = |value: &Option<dimension::Value>| match value {
            Some(dimension::Value::DimValue(size)) if *size > 0 => Dim::Fixed(*size as usize),
            Some(dimension::Value::DimParam(name)) if !name.is_empty() => Dim::Named(name.clone()),
            _ => Dim::Unknown,
        };
        Self {
            name: value.name.clone(),
            elem: Elem::from_onnx(tensor.map_or(0, |t| t.elem_type)),
            dims: shape
                .map(|s| s.dim.iter().map(|d| dim(&d.value)).collect())
                .unwrap_or_default(),
            has_shape: shape.is_some(),
        }
    }
}
