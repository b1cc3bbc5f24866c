//! What is seen and pointed at, in words: for the line below the matrix and for AccessKit.

use super::View;
use crate::dataset::Dataset;
use crate::desktop::shell::widgets::{grouped, signed};
use crate::desktop::structure::Reduction;
use crate::retrieval::structure::matrix::{Arrangement, Order, TileKey, Viewport};

/// "images 1–250 of 1,000 × captions 1–1,250 of 5,000 · a cell is the largest of 2 × 8 scores · exact".
pub fn seen(view: &View<'_>, seen: &Viewport, size: [usize; 2]) -> String {
    let matrix = &view.state.matrix;
    let span = |side: usize| {
        let span = seen.span(side, size[side]);
        let (first, last, all) = (span.start + 1, span.end, size[side]);
        format!("{}–{} of {}", grouped(first), grouped(last), grouped(all))
    };
    let order = match matrix.looks.order {
        Order::Dataset => "dataset order",
        Order::Cluster => "by cluster",
        Order::Rank => "worst first",
    };
    let [tall, wide] = seen.level().map(|level| 1_usize << level);
    let what = match matrix.looks.reduction {
        _ if tall * wide == 1 => "a cell is a pair".to_owned(),
        Reduction::Largest => format!("a cell is the largest of {tall} × {wide} scores"),
        Reduction::Mean => format!("a cell is the mean of {tall} × {wide} scores"),
    };
    let mut coarsest = 1;
    // Before the first tiles are asked for, all of them are missing.
    let asked = matrix.seen.first().map(|key| key.level);
    let mut missing = usize::from(asked != Some(seen.level()));
    for &key in &matrix.seen {
        match matrix.tiles.get(key) {
            Some(tile) => coarsest = coarsest.max(tile.one_in),
            None => missing += 1,
        }
    }
    let how = match (missing, coarsest) {
        (1.., _) => "being computed".to_owned(),
        (0, 1) => "every pair computed".to_owned(),
        (0, n) => format!(
            "sampled 1 in {}: the largest may be larger",
            grouped(n as usize)
        ),
    };
    format!(
        "images {} × captions {}, {order} · {what} · {how}",
        span(0),
        span(1)
    )
}

/// What the cell at a row and a column says.
pub fn cell(
    view: &View<'_>,
    dataset: &Dataset,
    arrangement: &Arrangement,
    seen: &Viewport,
    at: [usize; 2],
) -> String {
    let level = seen.level();
    let key = TileKey {
        level,
        at: [0, 1].map(|side| (at[side] >> level[side] >> 8) as u32),
    };
    let figures = view.state.matrix.tiles.get(key).and_then(|tile| {
        let cell = [0, 1].map(|side| (at[side] >> level[side]) & 255);
        let place = cell[0] * tile.cells.columns + cell[1];
        let (high, mean) = (tile.cells.high.get(place)?, tile.cells.mean.get(place)?);
        Some((*high, *mean, *tile.positive.get(place)?))
    });
    let image = arrangement.image(at[0]) as usize;
    let caption = arrangement.caption(at[1]) as usize;
    let name = dataset.images.get(image).map_or("", |i| &i.name);
    let text = dataset.captions.get(caption).map_or("", |c| c);
    let score = |value: f32| signed(value, 3).replace('+', "");
    if level == [0, 0] {
        let right = arrangement.row_at(at[1]) == at[0];
        let mark = if right { " · right pair" } else { "" };
        let score = figures.map_or_else(|| "…".to_owned(), |f| score(f.0));
        let cluster = cluster(view, arrangement, at[0]);
        return format!("{score} · {name} · {text}{mark}{cluster}");
    }
    let block = |side: usize| {
        let first = at[side] >> level[side] << level[side];
        let last = (first + (1 << level[side])).min(arrangement.size()[side]);
        if last - first == 1 {
            grouped(first + 1)
        } else {
            format!("{}–{}", grouped(first + 1), grouped(last))
        }
    };
    let figures = figures.map_or_else(String::new, |(high, mean, right)| {
        let mark = if right { " · holds right pairs" } else { "" };
        format!("largest {}, mean {}{mark} · ", score(high), score(mean))
    });
    format!(
        "{figures}rows {} × columns {}, here {name} · {text}{}",
        block(0),
        block(1),
        cluster(view, arrangement, at[0])
    )
}

/// The name of the cluster that a row lies in, where it has one.
fn cluster(view: &View<'_>, arrangement: &Arrangement, row: usize) -> String {
    let names = &view.state.matrix.names;
    let name = names.get(arrangement.cluster_of(row));
    let name = name.filter(|name| !name.is_empty());
    name.map_or_else(String::new, |name| format!(" · cluster “{name}”"))
}
