//! Products with the Jacobian and the Hessian: against the gradient, and against central differences.

use super::{engine, spread};
use nearmiss::grad::{
    COTANGENT, Gradient, HESSIAN_PRODUCT, JACOBIAN_PRODUCT, Objective, Request, TANGENT, Target,
    differentiate, hessian_product, jacobian_product,
};
use nearmiss::onnx::{Effort, Graph, GraphEngine, Program, Tensor};
use nearmiss::task::Task;
use std::collections::BTreeMap;

/// A power of two moves inputs without rounding.
const STEP: f32 = 1.0 / 256.0;

/// A loaded graph with what it is fed.
struct Loaded {
    program: Box<dyn Program>,
    names: Vec<String>,
    outputs: Vec<String>,
}

impl Loaded {
    fn of(graph: &Graph) -> Self {
        Self {
            program: engine().load(graph, Effort::Once).unwrap(),
            names: graph.inputs.iter().map(|p| p.name.clone()).collect(),
            outputs: graph.outputs.clone(),
        }
    }

    /// The output `name` for `feeds`.
    fn output(&mut self, name: &str, feeds: &BTreeMap<String, Tensor>) -> Vec<f32> {
        let fed = self.names.iter().map(|n| (n.as_str(), &feeds[n]));
        let fed: Vec<(&str, &Tensor)> = fed.collect();
        let at = self.outputs.iter().position(|o| o == name).unwrap();
        self.program.run(&fed, &Task::detached()).unwrap()[at]
            .to_floats()
            .unwrap()
    }

    /// The change of the output `name` as the input `x` moves along `v`, by differences of the fourth order.
    fn slope(
        &mut self,
        name: &str,
        feeds: &BTreeMap<String, Tensor>,
        x: &str,
        v: &Tensor,
    ) -> Vec<f32> {
        let base = feeds[x].to_floats().unwrap();
        let along = v.to_floats().unwrap();
        let mut at = |factor: f32| {
            let moved: Vec<f32> = base
                .iter()
                .zip(&along)
                .map(|(x, d)| x + factor * STEP * d)
                .collect();
            let mut feeds = feeds.clone();
            feeds.insert(x.into(), Tensor::floats(v.shape(), &moved));
            self.output(name, &feeds)
        };
        let [near, before, far, behind] = [1.0, -1.0, 2.0, -2.0].map(&mut at);
        (0..near.len())
            .map(|i| {
                let inner = f64::from(near[i]) - f64::from(before[i]);
                let outer = f64::from(far[i]) - f64::from(behind[i]);
                ((8.0 * inner - outer) / (12.0 * f64::from(STEP))) as f32
            })
            .collect()
    }
}

/// The inner product, and a size that it may be off by a small share of.
fn dot(a: &[f32], b: &[f32]) -> (f64, f64) {
    assert_eq!(a.len(), b.len());
    let terms = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    let (sum, squares) = terms.fold((0.0, 0.0), |(s, q), t| (s + t, q + t * t));
    (sum, squares.sqrt().max(sum.abs()))
}

fn assert_one(one: (f64, f64), other: (f64, f64), share: f64, what: &str) {
    let size = one.1.max(other.1).max(1e-2);
    assert!(
        (one.0 - other.0).abs() <= share * size,
        "{what}: {} and {}, of size {size}",
        one.0,
        other.0
    );
}

fn assert_near(made: &[f32], measured: &[f32], tolerance: f32, what: &str) {
    for (i, (a, b)) in made.iter().zip(measured).enumerate() {
        assert!(
            (a - b).abs() <= tolerance,
            "{what}: element {i}: {a}, measured {b} (of {tolerance})"
        );
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// What the products are looked at: a model, its inputs and which of them moves, and its gradient there.
pub struct At<'a> {
    pub graph: &'a Graph,
    pub feeds: &'a BTreeMap<String, Tensor>,
    pub target: Target,
    pub cotangent: &'a Tensor,
    pub gradient: &'a Tensor,
    pub what: &'a str,
}

impl At<'_> {
    fn request(&self) -> Request {
        let target = self.target.clone();
        let request = Request::new(self.feeds.clone(), target, Objective::Vjp);
        Request {
            output: self.graph.outputs.first().cloned(),
            ..request
        }
    }

    /// The input that moves.
    fn wrt(&self) -> &str {
        match &self.target {
            Target::Input(name) | Target::Initializer(name) => name,
            Target::Tokens => "tokens",
        }
    }

    fn with(&self, more: &[(&str, &Tensor)]) -> BTreeMap<String, Tensor> {
        let mut feeds = self.feeds.clone();
        feeds.extend(more.iter().map(|(n, t)| ((*n).to_owned(), (*t).clone())));
        feeds
    }

    fn standard(&self, made: &Gradient) {
        assert!(
            made.graph.domains.is_empty(),
            "{}: only standard operators come out",
            self.what
        );
    }

    /// Asserts that `u . J v` is `J^T u . v` and, where `differences`, that `J v` is what the model does along v.
    pub fn jacobian(&self, differences: bool) {
        let task = Task::detached();
        let made = jacobian_product(self.graph, &self.request(), &engine(), &task)
            .unwrap_or_else(|e| panic!("{}: forward mode: {e}", self.what));
        self.standard(&made);
        let v = spread(self.gradient.shape(), 99);
        let feeds = self.with(&[(TANGENT, &v)]);
        let product = Loaded::of(&made.graph).output(JACOBIAN_PRODUCT, &feeds);
        let u = self.cotangent.to_floats().unwrap();
        let (g, along) = (self.gradient.to_floats().unwrap(), v.to_floats().unwrap());
        let what = format!("{}: J v by {}", self.what, self.wrt());
        assert_one(dot(&u, &product), dot(&g, &along), 1e-5, &what);
        if differences {
            let mut model = Loaded::of(self.graph);
            let output = model.outputs[0].clone();
            let slope = model.slope(&output, self.feeds, self.wrt(), &v);
            let tolerance = 2e-3 * largest(&slope).max(0.1);
            assert_near(&product, &slope, tolerance, &what);
        }
    }

    /// Asserts that the Hessian is symmetric, and that `H v` is what the gradient does along v.
    pub fn hessian(&self) {
        let task = Task::detached();
        let made = match hessian_product(self.graph, &self.request(), &engine(), &task) {
            Ok(made) => made,
            Err(why) if why.to_string().contains("no second derivatives") => return,
            Err(why) => panic!("{}: second derivatives: {why}", self.what),
        };
        self.standard(&made);
        let [v, w] = [99, 98].map(|seed| spread(self.gradient.shape(), seed));
        let mut loaded = Loaded::of(&made.graph);
        let mut along = |tangent: &Tensor| {
            let feeds = self.with(&[(TANGENT, tangent), (COTANGENT, self.cotangent)]);
            loaded.output(HESSIAN_PRODUCT, &feeds)
        };
        let (of_v, of_w) = (along(&v), along(&w));
        let (v_is, w_is) = (v.to_floats().unwrap(), w.to_floats().unwrap());
        let what = format!("{}: H v by {}", self.what, self.wrt());
        assert_one(dot(&w_is, &of_v), dot(&v_is, &of_w), 2e-4, &what);
        let gradient = differentiate(self.graph, &self.request(), &engine(), &task).unwrap();
        let mut model = Loaded::of(&gradient.graph);
        let feeds = self.with(&[(COTANGENT, self.cotangent)]);
        let slope = model.slope(&gradient.graph.outputs[2], &feeds, self.wrt(), &v);
        let size = largest(&self.gradient.to_floats().unwrap());
        let tolerance = 2e-3 * largest(&slope).max(size).max(0.1);
        assert_near(&of_v, &slope, tolerance, &what);
    }
}

/// One element at a time where there are few, else seeded directions of -1, 0 and 1.
pub fn directions(count: usize) -> Vec<Vec<f32>> {
    if count <= 64 {
        return (0..count)
            .map(|i| (0..count).map(|j| f32::from(u8::from(i == j))).collect())
            .collect();
    }
    let mut random = fastrand::Rng::with_seed(5);
    (0..24)
        .map(|_| (0..count).map(|_| f32::from(random.i8(-1..=1))).collect())
        .collect()
}
