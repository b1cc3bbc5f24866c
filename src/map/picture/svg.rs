//! A map as SVG: points, names of clusters, a legend.

use super::{BASE, RANKS, SIDE, Scene, pixel, rank_class};
use crate::error::Result;
use crate::files::{escape, replace_with};
use crate::task::Task;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Writes `scene`.
///
/// # Errors
/// The file cannot be written; cancellation.
pub fn write(path: &Path, scene: &Scene<'_>, task: &Task) -> Result<()> {
    let drawn = draw(scene, task)?;
    replace_with(path, |out| {
        out.write_all(drawn.as_bytes())
            .map_err(crate::error::Error::io("write", path))
    })
}

fn colour([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn draw(scene: &Scene<'_>, task: &Task) -> Result<String> {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {SIDE}\" font-family=\"sans-serif\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>",
        escape(&scene.title),
        colour(BASE)
    );
    for (count, dot) in scene.dots().iter().enumerate() {
        if count % 4096 == 0 {
            task.check()?;
        }
        let _ = writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"{}\" fill-opacity=\"{:.2}\"/>",
            dot.at[0],
            dot.at[1],
            dot.radius,
            colour(dot.colour),
            dot.opacity
        );
    }
    let frame = scene.frame();
    for cluster in &scene.clusters.all {
        let [x, y] = pixel(cluster.at, frame);
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"22\" text-anchor=\"middle\" fill=\"#f2f4f8\" stroke=\"{}\" \
             stroke-width=\"5\" paint-order=\"stroke\">{}</text>",
            colour(BASE),
            escape(&cluster.name)
        );
    }
    let text = |x: f64, y: f64, size: f64, words: &str| {
        format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"#b9bfca\">{}</text>\n",
            escape(words)
        )
    };
    out += &text(24.0, 36.0, 20.0, &scene.title);
    if !scene.ranks.is_empty() {
        let mut counts = [0_usize; RANKS.len()];
        for &rank in scene.ranks.iter().take(scene.images) {
            counts[rank_class(rank)] += 1;
        }
        out += &text(
            24.0,
            SIDE - 150.0,
            18.0,
            "Rank of the right caption, and images",
        );
        for (at, ((.., shade, name), count)) in RANKS.iter().zip(counts).enumerate() {
            let y = SIDE - 126.0 + 24.0 * at as f64;
            let _ = writeln!(
                out,
                "<circle cx=\"32\" cy=\"{}\" r=\"6\" fill=\"{}\"/>",
                y - 6.0,
                colour(*shade)
            );
            out += &text(48.0, y, 18.0, &format!("{name}: {count}"));
        }
    }
    out.push_str("</svg>\n");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::super::clusters::{NamedCluster, NamedClusters};
    use super::*;

    #[test]
    fn every_point_and_name_is_drawn() {
        let clusters = NamedClusters {
            all: vec![NamedCluster {
                name: "cats & <dogs>".into(),
                at: [0.5, 0.5],
                points: 3,
            }],
            of: vec![0; 3],
        };
        let scene = Scene {
            points: &[[0.0, 0.0], [1.0, 1.0], [0.5, 0.2]],
            images: 2,
            ranks: &[1, 300],
            clusters: &clusters,
            title: "umap of 3 points".into(),
        };
        let drawn = draw(&scene, &Task::detached()).expect("drawn");
        assert_eq!(drawn.matches("<circle").count(), 3 + RANKS.len());
        assert!(drawn.contains("cats &amp; &lt;dogs&gt;") && drawn.contains("above 100: 1"));
        assert!(drawn.contains(&colour(RANKS[4].2)));
    }
}
