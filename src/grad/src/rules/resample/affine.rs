//! The grid of an affine map.

use super::super::first;
use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Node, Tensor, Value, wrong};

/// The grid is a product of the map with the points' coordinates before it, last of which is 1.
pub(super) fn affine(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (map, g) = (n.input(0)?.clone(), first(g)?);
    let &[batch, rank, _] = &map.shape[..] else {
        return Err(wrong(format!("its map has the shape {:?}", map.shape)));
    };
    if g.rank() != rank + 2 || !(2..=3).contains(&rank) {
        return Err(wrong(format!("its grid has the shape {:?}", g.shape)));
    }
    let aligned = n.int_or("align_corners", 0) != 0;
    let sizes = &g.shape[1..=rank];
    let points: usize = sizes.iter().product();
    let mut base = Vec::with_capacity(points * (rank + 1));
    for point in 0..points {
        // x comes first, and is the last dimension.
        let mut rest = point;
        for &size in sizes.iter().rev() {
            let at = (rest % size) as f32;
            rest /= size;
            base.push(match (aligned, size) {
                (true, 1) => 0.0,
                (true, _) => -1.0 + 2.0 * at / (size as f32 - 1.0),
                (false, _) => (2.0 * at + 1.0) / size as f32 - 1.0,
            });
        }
        base.push(1.0);
    }
    let base = b.tensor(Tensor::floats(&[points, rank + 1], &base));
    let flat = b.reshape(g, &[batch, points, rank])?;
    let flat = b.transpose(&flat, &[0, 2, 1]);
    Ok(vec![Some(b.matmul(&flat, &base)?)])
}
