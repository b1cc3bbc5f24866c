//! A page as HTML. Every text goes through [`escape`]; a policy in the page itself forbids scripts and anything that
//! would be fetched.

use super::{Block, Item, Page, Pair, SIDE, Section, Shown, svg};
use crate::error::thousands;
use crate::files::escape;
use std::fmt::Write as _;
use std::io::{Result, Write};

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// Writes `page`.
pub fn write(out: &mut impl Write, page: &Page) -> Result<()> {
    let title = escape(&page.title);
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    )?;
    if !page.facts.is_empty() {
        writeln!(out, "<dl>")?;
        for (name, value) in &page.facts {
            writeln!(out, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value))?;
        }
        writeln!(out, "</dl>")?;
    }
    for section in &page.sections {
        section_html(out, section)?;
    }
    let (count, bytes) = page
        .pictures()
        .fold((0, 0), |(n, b), p| (n + 1, b + p.jpeg.len() as u64));
    let pictures = match count {
        0 => String::new(),
        n => format!(
            " {} pictures inside, at most {SIDE} pixels wide or high, {:.1} MB.",
            thousands(n),
            bytes as f64 / 1e6
        ),
    };
    writeln!(
        out,
        "<footer>Made by nearmiss {}.{pictures} Nothing on this page is loaded from elsewhere.</footer>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )
}

fn section_html(out: &mut impl Write, section: &Section) -> Result<()> {
    writeln!(out, "<section>\n<h2>{}</h2>", escape(&section.title))?;
    if !section.note.is_empty() {
        writeln!(out, "<p>{}</p>", escape(&section.note))?;
    }
    for block in &section.blocks {
        match block {
            Block::Text(text) => writeln!(out, "<p>{}</p>", escape(text))?,
            Block::Table { columns, rows } => table_html(out, columns, rows)?,
            Block::Charts(charts) => {
                writeln!(out, "<div class=\"charts\">")?;
                for chart in charts {
                    svg::write(out, chart)?;
                }
                writeln!(out, "</div>")?;
            }
            Block::Pairs(pairs) => {
                for (number, pair) in (1..).zip(pairs) {
                    pair_html(out, number, pair)?;
                }
            }
        }
    }
    writeln!(out, "</section>")
}

fn table_html(out: &mut impl Write, columns: &[String], rows: &[Vec<String>]) -> Result<()> {
    let cells = |tag: &str, cells: &[String]| {
        let mut line = String::from("<tr>");
        for cell in cells {
            // Writing to a string cannot fail.
            let _ = write!(line, "<{tag}>{}</{tag}>", escape(cell));
        }
        line + "</tr>"
    };
    writeln!(
        out,
        "<div class=\"scroll\"><table>\n<thead>{}</thead>",
        cells("th", columns)
    )?;
    writeln!(out, "<tbody>")?;
    for row in rows {
        writeln!(out, "{}", cells("td", row))?;
    }
    writeln!(out, "</tbody>\n</table></div>")
}

fn pair_html(out: &mut impl Write, number: usize, pair: &Pair) -> Result<()> {
    writeln!(
        out,
        "<article class=\"pair\">\n<header><b>{number}</b><span>rank {}</span><span>margin {}</span>",
        thousands(u64::from(pair.rank)),
        signed(pair.margin)
    )?;
    for tag in &pair.tags {
        writeln!(out, "<span class=\"tag\">{}</span>", escape(tag))?;
    }
    writeln!(out, "</header>\n<div class=\"sides\">")?;
    for (class, what, item) in [
        ("query", "query", &pair.query),
        ("right", "right", &pair.right),
        ("negative", "hardest negative", &pair.negative),
    ] {
        item_html(out, class, what, item)?;
    }
    writeln!(out, "</div>\n</article>")
}

fn item_html(out: &mut impl Write, class: &str, what: &str, item: &Item) -> Result<()> {
    let score = item
        .score
        .map_or_else(String::new, |s| format!(" {}", signed(s)));
    writeln!(
        out,
        "<figure class=\"{class}\"><figcaption>{what}{score}</figcaption>"
    )?;
    shown_html(out, item.picture.as_ref(), &item.text)?;
    writeln!(out, "<div>{}</div>", escape(&item.text))?;
    if !item.says.is_empty() {
        writeln!(out, "<div class=\"says\">{}</div>", escape(&item.says))?;
    }
    if item.belongs.is_some() {
        writeln!(out, "<div class=\"says\">written of this picture:</div>")?;
        shown_html(out, item.belongs.as_ref(), "the picture it was written of")?;
    }
    writeln!(out, "</figure>")
}

fn shown_html(out: &mut impl Write, shown: Option<&Shown>, alt: &str) -> Result<()> {
    match shown {
        Some(Shown::Picture(picture)) => writeln!(
            out,
            "<img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\">",
            picture.width,
            picture.height,
            escape(alt),
            base64::encode(&picture.jpeg)
        ),
        Some(Shown::Missing) => writeln!(out, "<div class=\"none\">no picture</div>"),
        None => Ok(()),
    }
}

/// A score with its sign, as "−0.012".
fn signed(value: f32) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{:.3}", value.abs())
}
