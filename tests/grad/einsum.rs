//! Einstein summation.

use super::harness::Case;
use nearmiss::onnx::node::text;

fn einsum(equation: &str) -> Case {
    Case::new("Einsum").attr(text("equation", equation))
}

#[test]
fn one_operand() {
    for (equation, shape) in [
        ("ij->ji", &[3, 5][..]),
        ("ijk->ki", &[3, 5, 2]),
        ("ij->", &[3, 4]),
        ("ba", &[3, 4]),
        ("ii->i", &[4, 4]),
        ("ii", &[4, 4]),
        ("bii->bi", &[3, 4, 4]),
        ("ibi->b", &[4, 3, 4]),
        ("iji->ij", &[3, 2, 3]),
        ("...ij->...ji", &[2, 3, 4]),
        ("i...->...", &[2, 3, 4]),
        ("...i -> i...", &[2, 1, 4]),
    ] {
        einsum(equation).input(shape).check();
    }
}

#[test]
fn two_operands() {
    for (equation, a, b) in [
        ("ij,jk->ik", &[3, 5][..], &[5, 4][..]),
        ("ij,jk->ki", &[3, 5], &[5, 4]),
        ("ij,kj", &[3, 5], &[4, 5]),
        ("bhid,bhjd->bhij", &[2, 3, 4, 5], &[2, 3, 6, 5]),
        ("bhij,bhjd->bhid", &[2, 3, 4, 5], &[2, 3, 5, 6]),
        ("bhij,bhjd->bihd", &[2, 3, 4, 5], &[2, 3, 5, 6]),
        ("bnd,hd->bnh", &[2, 3, 5], &[4, 5]),
        ("bnd,dhk->bhnk", &[2, 3, 5], &[5, 4, 3]),
        ("bhwc,hkc->bhwk", &[2, 3, 4, 5], &[3, 6, 5]),
        ("bhwc,wkc->bhwk", &[2, 3, 4, 5], &[4, 6, 5]),
        ("nchw,mc->nmhw", &[2, 3, 4, 5], &[6, 3]),
        ("i,j->ij", &[3], &[4]),
        ("i,j->ji", &[3], &[4]),
        ("i,i->", &[5], &[5]),
        ("i,i->i", &[5], &[5]),
        ("bi,bi->b", &[3, 5], &[3, 5]),
        ("ij,j->i", &[3, 5], &[5]),
        ("bij,b->ij", &[3, 2, 4], &[3]),
        ("bij,bkj->b", &[3, 2, 4], &[3, 5, 4]),
        ("ab,cd->acbd", &[2, 3], &[4, 2]),
        ("abcd,acde->be", &[2, 3, 4, 2], &[2, 4, 2, 3]),
        ("abk,cek->abce", &[2, 3, 4], &[2, 3, 4]),
        ("...ij,...jk->...ik", &[5, 2, 3, 4], &[5, 1, 4, 2]),
        ("...ij,jk->...ik", &[2, 3, 4], &[4, 2]),
        ("...i,...i->...", &[2, 3, 4], &[1, 3, 4]),
        ("...,...", &[2, 1, 4], &[1, 3, 1]),
        ("bid,bjd->bij", &[1, 3, 4], &[1, 5, 4]),
        ("ii,ij->j", &[3, 3], &[3, 4]),
        (",i->i", &[], &[3]),
    ] {
        einsum(equation).input(a).input(b).check();
    }
}

#[test]
fn several_operands() {
    einsum("ij,jk,kl->il")
        .input(&[3, 4])
        .input(&[4, 5])
        .input(&[5, 2])
        .check();
    einsum("i,j,k->kij")
        .input(&[2])
        .input(&[3])
        .input(&[4])
        .check();
    einsum("bi,oij,bj->bo")
        .input(&[2, 3])
        .input(&[4, 3, 5])
        .input(&[2, 5])
        .check();
    einsum("ab,bc,ca->")
        .input(&[2, 3])
        .input(&[3, 4])
        .input(&[4, 2])
        .check();
}

/// The forms that attention is written in cost one matrix product, and transpose only what they have to.
#[test]
fn common_forms_are_one_product() {
    for (equation, a, b, transposes) in [
        ("bhid,bhjd->bhij", &[2, 3, 40, 5][..], &[2, 3, 60, 5][..], 1),
        ("bhij,bhjd->bhid", &[2, 3, 4, 5], &[2, 3, 5, 6], 0),
        ("bnd,hd->bnh", &[2, 3, 5], &[4, 5], 1),
        ("bhwc,hkc->bhwk", &[2, 3, 40, 50], &[3, 60, 50], 1),
        ("ij,jk->ik", &[3, 4], &[4, 5], 0),
    ] {
        let made = einsum(equation).input(a).input(b).transformed(0);
        let count = |op: &str| {
            let forward = made.graph.nodes.iter().take_while(|n| n.output[0] != "y0");
            let last = made.graph.nodes.iter().filter(|n| n.output[0] == "y0");
            forward.chain(last).filter(|n| n.op_type == op).count()
        };
        assert_eq!(
            (count("MatMul"), count("Transpose")),
            (1, transposes),
            "{equation}"
        );
    }
}
