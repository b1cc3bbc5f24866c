//! Convolutions with a stride, taken back on blocked values.

use super::super::layouts::NCHWC;
use super::super::operator::{DOMAIN, WEAVE};
use super::super::strided::{self, Part, Side};
use super::super::units::{Layout, Unit};
use super::super::weave::Weave;
use super::Moving;
use crate::onnx::node::{self, Attributes, is_default};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Tensor};

/// The largest stride: each remainder takes a convolution.
const MOST: usize = 4;

impl Moving<'_> {
    /// A convolution with a stride, taken back: a convolution without one for each remainder, or one for all where there are
    /// few channels, and their values put between each other.
    pub fn strided(&mut self, node: &NodeProto) -> Option<Vec<Unit>> {
        if node.op_type != "ConvTranspose" || !is_default(&node.domain) {
            return None;
        }
        let ([from, weights], [to]) = (node.input.as_slice(), node.output.as_slice()) else {
            return None;
        };
        let layout = |name: &String| self.known.layouts.get(name).cloned();
        let (rows_from, rows_to) = (layout(from)?, layout(to)?);
        let weights = Tensor::from_proto(self.weights.get(weights.as_str())?, None).ok()?;
        let (&[_, inputs, from_high, from_wide], &[_, out, to_high, to_wide], &[i, o, high, wide]) =
            (&*rows_from.shape, &*rows_to.shape, weights.shape())
        else {
            return None;
        };
        let strides = super::pair(node, "strides", Some(1))?;
        let pads = super::pair(node, "pads", Some(0))?;
        let plain = node.int("group").unwrap_or(1) == 1
            && super::is_plain(node)
            && node.ints("output_shape").is_none();
        let fits = (i, o) == (inputs, out)
            && strides.iter().all(|s| (1..=MOST).contains(s))
            && strides != [1, 1];
        if !plain || !fits {
            return None;
        }
        let sides = [
            (from_high, to_high, high, strides[0], pads[0]),
            (from_wide, to_wide, wide, strides[1], pads[1]),
        ];
        let sides = sides.map(|(from, to, kernel, stride, pad)| Side {
            from,
            to,
            kernel,
            stride,
            pad,
        });
        let whole = self.blocked(&rows_from)?;
        let made = self.blocked(&rows_to);
        let packed = if made.is_some() { 0 } else { out };
        let (weave, convolutions) = parted(sides, self.lanes, packed)?;
        let ordered = convolutions.iter().map(|(parts, remainders)| {
            let taps = parts.map(|part| part.taps);
            let weights = strided::weights(&weights, strides, taps, remainders)?;
            strided::blocked(&weights, self.lanes)
        });
        let ordered = ordered.collect::<Option<Vec<_>>>()?;
        let mut units = Vec::new();
        let twin = match self.twin(from) {
            Some(twin) => twin,
            None => self.block(from, whole, &mut units),
        };
        let mut names = Vec::with_capacity(ordered.len());
        for (n, (weights, (parts, _))) in ordered.iter().zip(&convolutions).enumerate() {
            let name = format!("{to}/part{n}");
            let proto = weights.to_proto(&format!("{name}/weights"));
            units.push(Unit::Node(convolution(&name, &twin, &proto.name, parts)));
            self.made.push(proto);
            names.push(name);
        }
        let output = match made {
            Some(_) => format!("{to}/blocked"),
            None => to.clone(),
        };
        units.push(Unit::Node(NodeProto {
            op_type: WEAVE.into(),
            domain: DOMAIN.into(),
            name: output.clone(),
            input: names,
            output: vec![output.clone()],
            attribute: vec![
                node::ints("weave", &weave.encode()),
                node::int("channels", made_channels(made.as_ref(), out)),
            ],
            ..NodeProto::default()
        }));
        if let Some(made) = made {
            self.known.insert(&output, made, Elem::F32);
            units.extend(self.back(&output, to, Elem::F32));
        }
        Some(units)
    }
}

/// A convolution without a stride: of each side its part, and the remainders whose channels it makes.
type Convolution = ([Part; 2], Vec<[usize; 2]>);

/// The convolutions without a stride, one for each remainder that a tap reaches, and how what they make is put together. With
/// `packed` channels one for all, where these are few.
fn parted(sides: [Side; 2], lanes: usize, packed: usize) -> Option<(Weave, Vec<Convolution>)> {
    let strides = sides.map(|side| side.stride);
    let remainders: Vec<[usize; 2]> = (0..strides[0])
        .flat_map(|y| (0..strides[1]).map(move |x| [y, x]))
        .collect();
    let mut weave = Weave {
        to: sides.map(|side| side.to),
        strides,
        pads: sides.map(|side| side.pad),
        lanes,
        packed,
        parts: Vec::new(),
    };
    let mut convolutions: Vec<Convolution> = Vec::new();
    if packed == 0 {
        for remainder in remainders {
            let parts = [sides[0].part(remainder[0])?, sides[1].part(remainder[1])?];
            let reached = parts.iter().all(|part| part.taps > 0);
            weave.parts.push(reached.then(|| {
                convolutions.push((parts, vec![remainder]));
                (convolutions.len() - 1, parts.map(|part| part.first))
            }));
        }
    } else if remainders.len() * packed <= 2 * lanes {
        let parts = [sides[0].whole()?, sides[1].whole()?];
        weave.parts = vec![Some((0, parts.map(|part| part.first))); remainders.len()];
        convolutions.push((parts, remainders));
    } else {
        return None;
    }
    Weave::decode(&weave.encode(), convolutions.len())?;
    Some((weave, convolutions))
}

/// Channels of what is made, as they lie in memory.
fn made_channels(blocked: Option<&Layout>, out: usize) -> i64 {
    blocked.map_or(out, |layout| layout.shape[1]) as i64
}

/// A convolution without a stride on the blocked value `from`.
fn convolution(name: &str, from: &str, weights: &str, parts: &[Part; 2]) -> NodeProto {
    let [y, x] = parts;
    let ints = |name: &str, values: &[usize]| {
        let values: Vec<i64> = values.iter().map(|&n| n as i64).collect();
        node::ints(name, &values)
    };
    NodeProto {
        op_type: "Conv".into(),
        domain: NCHWC.into(),
        name: name.to_owned(),
        input: vec![from.to_owned(), weights.to_owned()],
        output: vec![name.to_owned()],
        attribute: vec![
            ints("kernel_shape", &[y.taps, x.taps]),
            ints("strides", &[1, 1]),
            ints("dilations", &[1, 1]),
            ints("pads", &[y.pads[0], x.pads[0], y.pads[1], x.pads[1]]),
            node::int("group", 1),
        ],
        ..NodeProto::default()
    }
}
