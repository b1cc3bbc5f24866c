//! Quantised models: rounding passes the cotangent, clipping stops it.

use super::harness::{close, engine, spread};
use super::net::Net;
use nearmiss::grad::{COTANGENT, Objective, Request, Target, differentiate};
use nearmiss::onnx::node::{int, ints};
use nearmiss::onnx::{Effort, Elem, GraphEngine, Tensor, elements, integers_as};
use nearmiss::task::Task;

pub const I8: Elem = Elem::Other(3);

pub fn whole(elem: Elem, shape: &[usize], values: &[i64]) -> Tensor {
    integers_as(elem, shape, values)
}

/// Seeded integers from 0 to `below` less `by`.
pub fn noise(elem: Elem, shape: &[usize], below: i64, by: i64) -> Tensor {
    let mut random = fastrand::Rng::with_seed(9);
    let values: Vec<i64> = (0..elements(shape).unwrap())
        .map(|_| random.i64(0..below) - by)
        .collect();
    whole(elem, shape, &values)
}

pub fn scalar(value: f32) -> Tensor {
    Tensor::floats(&[], &[value])
}

/// The gradient of `y` with respect to `x`, and the cotangent it is for.
pub fn gradient(net: &Net) -> (Vec<f32>, Vec<f32>) {
    let (output, gradient) = net.gradient("x");
    (
        gradient.to_floats().unwrap(),
        spread(output.shape(), 77).to_floats().unwrap(),
    )
}

#[test]
fn what_is_clipped_passes_nothing() {
    // uint8 with scale 0.5 and zero point 10: from -5 to 122.5, half a step more still rounds into it.
    let x = [-6.0, -5.3, -5.2, 0.1, 122.5, 122.7, 123.0, 1e6];
    let passes = [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    let net = |elem: Elem, zero: i64, shift: f32| {
        let x: Vec<f32> = x.iter().map(|v| v + shift).collect();
        Net::new(18)
            .feed("x", Tensor::floats(&[8], &x))
            .constant("s", &scalar(0.5))
            .constant("z", &whole(elem, &[], &[zero]))
            .node("QuantizeLinear", &["x", "s", "z"], &["q"], &[])
            .node("DequantizeLinear", &["q", "s", "z"], &["y"], &[])
    };
    for net in [
        net(Elem::U8, 10, 0.0),
        net(I8, -118, 0.0),
        net(I8, 0, -59.0),
    ] {
        let (found, cotangent) = gradient(&net);
        let wanted: Vec<f32> = cotangent.iter().zip(passes).map(|(c, p)| c * p).collect();
        close(&found, &wanted, 1e-6, "the cotangent, within the range");
        assert!(
            net.differentiate("x")
                .unwrap()
                .survey
                .approximate
                .contains(&"QuantizeLinear".into())
        );
    }
}

#[test]
fn scales_along_an_axis() {
    for (axis, count) in [(0_i64, 2), (1, 3), (-1, 4)] {
        let scales: Vec<f32> = (0..count).map(|i| 0.01 * (i + 1) as f32).collect();
        let zeros: Vec<i64> = (0..count).map(|i| i * 3 - 4).collect();
        let along = [int("axis", axis)];
        let net = Net::new(18)
            .input("x", &[2, 3, 4])
            .constant("s", &Tensor::floats(&[count as usize], &scales))
            .constant("z", &whole(I8, &[count as usize], &zeros))
            .node("QuantizeLinear", &["x", "s", "z"], &["q"], &along)
            .constant("t", &scalar(0.02))
            .node("DequantizeLinear", &["q", "t"], &["y"], &[]);
        let (found, cotangent) = gradient(&net);
        let x = net.feeds()["x"].to_floats().unwrap();
        let stride = [12, 4, 1][axis.rem_euclid(3) as usize];
        for (i, g) in found.iter().enumerate() {
            let at = i / stride % count as usize;
            let level = (x[i] / scales[at]).round() + zeros[at] as f32;
            let inside = (-128.0..=127.0).contains(&level);
            let wanted = if inside {
                cotangent[i] * 0.02 / scales[at]
            } else {
                0.0
            };
            close(&[*g], &[wanted], 1e-5, "scaled");
        }
    }
}

#[test]
fn scales_per_block_and_other_widths() {
    let blocked = [int("axis", 1), int("block_size", 2)];
    let scales: Vec<f32> = (1..=6).map(|i| 0.01 * i as f32).collect();
    let net = Net::new(21)
        .input("x", &[2, 5])
        .constant("s", &Tensor::floats(&[2, 3], &scales))
        .constant("z", &whole(I8, &[2, 3], &[0; 6]))
        .node("QuantizeLinear", &["x", "s", "z"], &["q"], &blocked)
        .node("DequantizeLinear", &["q", "s", "z"], &["y"], &blocked);
    let (found, cotangent) = gradient(&net);
    let x = net.feeds()["x"].to_floats().unwrap();
    for i in 0..10 {
        let scale = scales[i / 5 * 3 + i % 5 / 2];
        let wanted = if x[i].abs() < 127.0 * scale {
            cotangent[i]
        } else {
            0.0
        };
        close(&[found[i]], &[wanted], 1e-5, "blocks");
    }
    for elem in [Elem::Other(4), Elem::Other(5)] {
        let net = Net::new(21)
            .input("x", &[7])
            .constant("s", &scalar(0.001))
            .constant("z", &whole(elem, &[], &[5000]))
            .node("QuantizeLinear", &["x", "s", "z"], &["q"], &[])
            .node("DequantizeLinear", &["q", "s", "z"], &["y"], &[]);
        let (found, cotangent) = gradient(&net);
        close(&found, &cotangent, 1e-5, "16 bits");
    }
}

#[test]
fn integers_move_between_quantising_and_dequantising() {
    let net = Net::new(18)
        .input("x", &[2, 3, 4])
        .constant("s", &scalar(0.01))
        .constant("t", &scalar(0.03))
        .constant("z", &whole(Elem::U8, &[], &[120]))
        .constant("shape", &Tensor::ints(&[2], &[4, 6]))
        .constant("first", &Tensor::ints(&[1], &[0]))
        .node("QuantizeLinear", &["x", "s", "z"], &["q"], &[])
        .node("Reshape", &["q", "shape"], &["a"], &[])
        .node("Transpose", &["a"], &["b"], &[ints("perm", &[1, 0])])
        .node("Split", &["b"], &["c", "d"], &[int("num_outputs", 2)])
        .node("Concat", &["d", "c", "d"], &["e"], &[int("axis", 0)])
        .node("Gather", &["e", "first"], &["f"], &[int("axis", 1)])
        .node("DequantizeLinear", &["f", "t", "z"], &["y"], &[]);
    let (found, cotangent) = gradient(&net);
    // Rows of the transposed are columns 0 to 5 of a; the first element of each is element j of x.
    let mut wanted = vec![0.0; 24];
    for j in 0..3 {
        wanted[j] = 3.0 * cotangent[3 + j];
        wanted[3 + j] = 3.0 * (cotangent[j] + cotangent[6 + j]);
    }
    close(&found, &wanted, 1e-5, "moved");
}

#[test]
fn rows_of_a_quantised_table_are_floats() {
    let net = Net::new(18)
        .feed("ids", Tensor::ints(&[1, 3], &[4, 0, 2]))
        .constant("table", &noise(Elem::U8, &[6, 4], 256, 0))
        .constant("s", &scalar(0.01))
        .constant("z", &whole(Elem::U8, &[], &[100]))
        .node("Gather", &["table", "ids"], &["rows"], &[])
        .node("DequantizeLinear", &["rows", "s", "z"], &["e"], &[])
        .node("Mul", &["e", "e"], &["y"], &[]);
    let request = Request::new(net.feeds().clone(), Target::Tokens, Objective::Vjp);
    let made = differentiate(&net.read().unwrap(), &request, &engine(), &Task::detached()).unwrap();
    assert_eq!(made.wrt, ["e"]);
    assert!(made.survey.approximate.is_empty());
    let mut program = engine().load(&made.graph, Effort::Often).unwrap();
    let cotangent = spread(&[1, 3, 4], 3);
    let results = program
        .run(
            &[("ids", &net.feeds()["ids"]), (COTANGENT, &cotangent)],
            &Task::detached(),
        )
        .unwrap();
    let table = noise(Elem::U8, &[6, 4], 256, 0).to_floats().unwrap();
    let rows = [4, 0, 2]
        .into_iter()
        .flat_map(|r| table[4 * r..4 * r + 4].to_vec());
    let cotangent = cotangent.to_floats().unwrap();
    let wanted: Vec<f32> = rows
        .zip(cotangent)
        .map(|(v, c)| 2.0 * (v - 100.0) * 0.01 * c)
        .collect();
    close(
        &results[2].to_floats().unwrap(),
        &wanted,
        1e-5,
        "of each row",
    );
}
