//! The whole transform: from a model to a graph that yields derivatives.

use super::attach::{Asked, attach};
use super::driver::reached;
use super::narrow::narrow;
use super::{COTANGENT, Gradient, Request, Survey, fuse, lower};
use crate::error::{Error, Result};
use crate::guard::contained;
use crate::monitor::Monitor;
use crate::onnx::{Builder, Graph, GraphEngine, bind, fold, wrong};

/// Turns `graph` into one that yields what is `asked` for of `request`.
///
/// # Errors
/// As [`differentiate`](super::differentiate).
pub(super) fn derive(
    graph: &Graph,
    request: &Request,
    asked: Asked,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Gradient> {
    let made = contained(|| transform(graph.clone(), request, asked, engine, monitor));
    let made = made.unwrap_or_else(|what| {
        Err(Error::Panic {
            path: graph.path.clone(),
            what,
        })
    });
    made.map_err(|error| error.of_model(&graph.path))
}

fn transform(
    mut graph: Graph,
    request: &Request,
    asked: Asked,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Gradient> {
    let narrowed = narrow(&mut graph, request)?;
    let (output, wrt) = (narrowed.output, narrowed.wrt);
    let mut survey = Survey::of_all(&graph, &wrt, &output);
    survey.refuse(&graph.path, true)?;
    let mut feeds = request.feeds.clone();
    feeds.extend(narrowed.weights.clone());
    feeds.retain(|name, _| graph.inputs.iter().any(|p| p.name == *name));
    bind(&mut graph, &feeds, engine, monitor)?;
    let names: Vec<&str> = wrt.iter().map(String::as_str).collect();
    let depends = |name: &&str| reached(&graph, &[name]).contains(&output);
    let apart = names.iter().filter(|n| !depends(n));
    let apart: Vec<String> = apart.map(|n| (*n).to_owned()).collect();
    fuse::fuse(&mut graph, &names);
    let inside = Survey::of_all(&graph, &wrt, &output);
    inside.refuse(&graph.path, false)?;
    survey.decided(&inside);
    if asked == Asked::Hessian && !survey.approximate.is_empty() {
        return Err(wrong(format!(
            "a model that rounds has no second derivatives: {}",
            survey.approximate.join(", ")
        )));
    }
    let (mut builder, renamed) = lower::lower(graph, &names, &output, monitor)?;
    let current = |name: &str| {
        renamed
            .get(name)
            .cloned()
            .unwrap_or_else(|| name.to_owned())
    };
    let of = builder.value(&current(&output))?;
    let values = names.iter().map(|n| builder.value(&current(n)));
    let values = values.collect::<Result<Vec<_>>>()?;
    let mut made = attach(&mut builder, (request, asked), &of, &values, &wrt, monitor)?;
    for (_, name) in made.iter_mut().filter(|(_, name)| name.is_empty()) {
        name.clone_from(&output);
    }
    fuse::write_out(&mut builder)?;
    // Weights are the graph's own again.
    let whole = builder.graph_mut();
    whole
        .inputs
        .retain(|p| !narrowed.weights.contains_key(&p.name));
    whole.constants.extend(narrowed.weights);
    let outputs: Vec<(&str, &str)> = made
        .iter()
        .map(|(value, name)| (value.name.as_ref(), name.as_str()))
        .collect();
    let mut graph = finish(builder, &outputs)?;
    if asked == Asked::Jacobian && graph.inputs.iter().any(|p| p.name == COTANGENT) {
        return Err(wrong(
            "the gradient of an operator of it is not linear in the cotangent".into(),
        ));
    }
    fold(&mut graph, engine, monitor)?;
    Ok(Gradient {
        graph,
        output,
        wrt,
        apart,
        survey,
    })
}

/// Names the outputs and drops what they do not need.
fn finish(mut builder: Builder, outputs: &[(&str, &str)]) -> Result<Graph> {
    let mut named = Vec::with_capacity(outputs.len());
    for &(value, name) in outputs {
        let taken = |graph: &Graph| {
            graph.infos.contains_key(name) || graph.inputs.iter().any(|p| p.name == name)
        };
        if value != name && taken(builder.graph()) {
            return Err(wrong(format!("the name \"{name}\" is taken in the model")));
        }
        // One value under two names, or one that no node makes, needs a node for its other name.
        let shared = outputs.iter().filter(|(v, _)| *v == value).count() > 1;
        let made = |graph: &Graph| {
            graph
                .nodes
                .iter()
                .any(|n| n.output.iter().any(|o| o == value))
        };
        if value != name && (shared || !made(builder.graph())) {
            let original = builder.value(value)?;
            let copy = builder.unary("Identity", &original);
            named.push((copy.name.to_string(), name));
        } else {
            named.push((value.to_owned(), name));
        }
    }
    let mut graph = builder.into_graph();
    for (value, name) in &named {
        graph.rename(value, name);
    }
    graph.outputs = named.iter().map(|(_, name)| (*name).to_owned()).collect();
    graph.prune();
    graph.drop_unread_inputs();
    let used: std::collections::HashSet<String> =
        graph.nodes.iter().map(|n| n.domain.clone()).collect();
    graph.domains.retain(|domain, _| used.contains(domain));
    Ok(graph)
}
