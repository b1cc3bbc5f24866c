//! Histograms answer the mouse: what a bar says is what is so, and its queries are listed.

use super::*;
use egui_kittest::kittest::NodeT;
use nearmiss::desktop::core::Command;
use nearmiss::desktop::feature::Feature;
use nearmiss::desktop::retrieval::Retrieval;

/// The names of the bars whose name begins so, in order.
fn bars(window: &Window, prefix: &str) -> Vec<String> {
    let mut nodes: Vec<(f32, String)> = window
        .query_all_by(|n| {
            n.label()
                .is_some_and(|l| l.starts_with(prefix) && l.contains(" queries"))
        })
        .map(|n| {
            (
                n.rect().left(),
                n.accesskit_node().label().unwrap_or_default(),
            )
        })
        .collect();
    nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
    nodes.into_iter().map(|(_, name)| name).collect()
}

/// "1,234" before " queries".
fn count(bar: &str) -> usize {
    let told = bar
        .split(": ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    told.unwrap().replace(',', "").parse().unwrap()
}

/// The numbers of "rank 4–7: .." or "rank 1: ..".
fn range(bar: &str) -> (u32, u32) {
    let told = bar
        .trim_start_matches("rank ")
        .split(':')
        .next()
        .unwrap()
        .replace(',', "");
    let mut ends = told.split('–').map(|end| end.parse().unwrap());
    let from = ends.next().unwrap();
    (from, ends.next().unwrap_or(from))
}

#[test]
fn the_bars_of_ranks_hold_all_queries_and_list_exactly_theirs() {
    let mut window = demo();
    let ranks = session(&window)
        .direction(Side::Image)
        .unwrap()
        .ranks
        .clone();
    let names = bars(&window, "rank ");
    assert_eq!(names.iter().map(|n| count(n)).sum::<usize>(), ranks.len());
    let ranges: Vec<(u32, u32)> = names.iter().map(|n| range(n)).collect();
    assert!(
        ranges.windows(2).all(|w| w[0].1 + 1 == w[1].0),
        "{ranges:?}"
    );
    assert!(
        ranges.iter().all(|(from, to)| *to + 1 == 2 * from),
        "equal octaves: {ranges:?}"
    );
    for (name, (from, to)) in names.iter().zip(ranges) {
        click(&mut window, name);
        let wanted: Vec<u32> = (0..ranks.len())
            .filter(|&i| ranks[i] >= from && ranks[i] <= to)
            .map(|i| i as u32)
            .collect();
        assert_eq!(wanted.len(), count(name), "{name}");
        assert_eq!(session(&window).browser.rows, wanted, "{name}");
    }
    click(&mut window, "Show all");
    assert_eq!(session(&window).browser.rows.len(), ranks.len());
    // The other side has bars of its own.
    perform(&mut window, Command::SetSide(Side::Text));
    settle(&mut window);
    let names = bars(&window, "rank ");
    assert_eq!(names.iter().map(|n| count(n)).sum::<usize>(), 900);
}

#[test]
fn the_bars_of_margins_list_their_queries_from_the_structure() {
    let mut window = demo();
    click(&mut window, "Structure");
    click(&mut window, "Margins");
    let direction = session(&window).direction(Side::Image).unwrap();
    let margins: Vec<f32> = (0..direction.ranks.len())
        .map(|i| direction.margin(i))
        .collect();
    let half = window.ctx.content_rect().center().x - 100.0;
    let names: Vec<String> = window
        .query_all_by(|n| {
            n.label()
                .is_some_and(|l| l.starts_with("margin ") && l.contains(": "))
        })
        .filter(|n| n.rect().center().x < half)
        .map(|n| n.accesskit_node().label().unwrap_or_default())
        .collect();
    let finite = margins.iter().filter(|m| m.is_finite()).count();
    assert_eq!(names.iter().map(|n| count(n)).sum::<usize>(), finite);
    let most = names.iter().max_by_key(|n| count(n)).unwrap().clone();
    click(&mut window, &most);
    assert_eq!(session(&window).tab, Retrieval::TAB);
    let number = |text: &str| text.replace('−', "-").parse::<f32>().unwrap();
    let edges = most
        .trim_start_matches("margin ")
        .split(':')
        .next()
        .unwrap();
    let edges: Vec<f32> = edges.split(" to ").map(number).collect();
    let wanted: Vec<u32> = (0..margins.len())
        .filter(|&i| margins[i] >= edges[0] && margins[i] < edges[1])
        .map(|i| i as u32)
        .collect();
    assert_eq!(session(&window).browser.rows, wanted, "{most}");
}
