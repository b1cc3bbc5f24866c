// Shared by the kernels that ask which elements select.wgsl chose; the kernel declares `rows` and `keys`.

fn is_chosen(row: u32, i: u32) -> bool {
    let key = keys[row * params.count + i];
    return key > rows[row].threshold || (key == rows[row].threshold && i < rows[row].cutoff);
}
