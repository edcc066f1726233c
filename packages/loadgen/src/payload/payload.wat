;; Fills memory with a stream's payload, and compares memory with it, 64 bytes a step.
;;
;; stream-bytes.ts has the same function in TypeScript, where it is explained, and the tests hold both together: every
;; block of a stream is the same pattern, which lies in the memory at $pattern, under a mask of its own. The mask is two
;; words that the stream's keys give (`wordAt` in generator.ts); its eight bytes are combined with the pattern's
;; (exclusive or), again and again.
(module
  (import "payload" "memory" (memory 1 65536))
  (import "payload" "pattern" (global $pattern i32))
  (import "payload" "blockBytes" (global $blockBytes i32))

  ;; The word number `index` that the keys give.
  (func $word (param $index i32) (param $key0 i32) (param $key1 i32) (result i32)
    (local $x i32)
    (local.set $x (i32.add (i32.mul (local.get $index) (i32.const 0x9e3779b1)) (local.get $key0)))
    (local.set $x (i32.xor (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 15))) (local.get $key1)))
    (local.set $x (i32.mul (local.get $x) (i32.const 0xd35a2d97)))
    (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 16))))

  ;; The mask of a block, turned so that its lowest byte is the one for byte `within` of the block.
  (func $mask (param $block i32) (param $within i32) (param $key0 i32) (param $key1 i32) (result i64)
    (local $index i32)
    (local.set $index (i32.shl (local.get $block) (i32.const 1)))
    (i64.rotr
      (i64.or
        (i64.extend_i32_u (call $word (local.get $index) (local.get $key0) (local.get $key1)))
        (i64.shl
          (i64.extend_i32_u
            (call $word (i32.add (local.get $index) (i32.const 1)) (local.get $key0) (local.get $key1)))
          (i64.const 32)))
      (i64.extend_i32_u (i32.shl (local.get $within) (i32.const 3)))))

  ;; Writes `length` bytes at `address`: those of the payload from byte `within` of block number `block` on.
  (func (export "fill")
    (param $address i32) (param $length i32) (param $block i32) (param $within i32) (param $key0 i32) (param $key1 i32)
    (local $left i32) (local $source i32) (local $mask i64) (local $wide v128)
    (block $filled
      (loop $nextBlock
        (br_if $filled (i32.eqz (local.get $length)))
        (local.set $source (i32.add (global.get $pattern) (local.get $within)))
        (local.set $mask
          (call $mask (local.get $block) (local.get $within) (local.get $key0) (local.get $key1)))
        (local.set $wide (i64x2.splat (local.get $mask)))
        (local.set $left (i32.sub (global.get $blockBytes) (local.get $within)))
        (local.set $left
          (select (local.get $left) (local.get $length) (i32.lt_u (local.get $left) (local.get $length))))
        (local.set $length (i32.sub (local.get $length) (local.get $left)))
        (block $done
          (loop $next
            (br_if $done (i32.lt_u (local.get $left) (i32.const 64)))
            (v128.store (local.get $address) (v128.xor (v128.load (local.get $source)) (local.get $wide)))
            (v128.store offset=16 (local.get $address)
              (v128.xor (v128.load offset=16 (local.get $source)) (local.get $wide)))
            (v128.store offset=32 (local.get $address)
              (v128.xor (v128.load offset=32 (local.get $source)) (local.get $wide)))
            (v128.store offset=48 (local.get $address)
              (v128.xor (v128.load offset=48 (local.get $source)) (local.get $wide)))
            (local.set $address (i32.add (local.get $address) (i32.const 64)))
            (local.set $source (i32.add (local.get $source) (i32.const 64)))
            (local.set $left (i32.sub (local.get $left) (i32.const 64)))
            (br $next)))
        (block $done
          (loop $next
            (br_if $done (i32.lt_u (local.get $left) (i32.const 16)))
            (v128.store (local.get $address) (v128.xor (v128.load (local.get $source)) (local.get $wide)))
            (local.set $address (i32.add (local.get $address) (i32.const 16)))
            (local.set $source (i32.add (local.get $source) (i32.const 16)))
            (local.set $left (i32.sub (local.get $left) (i32.const 16)))
            (br $next)))
        (block $done
          (loop $next
            (br_if $done (i32.eqz (local.get $left)))
            (i32.store8 (local.get $address)
              (i32.xor (i32.load8_u (local.get $source)) (i32.wrap_i64 (local.get $mask))))
            (local.set $mask (i64.rotr (local.get $mask) (i64.const 8)))
            (local.set $address (i32.add (local.get $address) (i32.const 1)))
            (local.set $source (i32.add (local.get $source) (i32.const 1)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $next)))
        (local.set $within (i32.const 0))
        (local.set $block (i32.add (local.get $block) (i32.const 1)))
        (br $nextBlock))))

  ;; Compares `length` bytes at `address` with the payload from byte `within` of block number `block` on.
  ;; Gives how many bytes are right before the first that differs, or -1 when none does.
  (func (export "mismatch")
    (param $address i32) (param $length i32) (param $block i32) (param $within i32) (param $key0 i32) (param $key1 i32)
    (result i32)
    (local $begin i32) (local $left i32) (local $source i32) (local $mask i64) (local $wide v128)
    (local.set $begin (local.get $address))
    (block $compared
      (loop $nextBlock
        (br_if $compared (i32.eqz (local.get $length)))
        (local.set $source (i32.add (global.get $pattern) (local.get $within)))
        (local.set $mask
          (call $mask (local.get $block) (local.get $within) (local.get $key0) (local.get $key1)))
        (local.set $wide (i64x2.splat (local.get $mask)))
        (local.set $left (i32.sub (global.get $blockBytes) (local.get $within)))
        (local.set $left
          (select (local.get $left) (local.get $length) (i32.lt_u (local.get $left) (local.get $length))))
        (local.set $length (i32.sub (local.get $length) (local.get $left)))
        ;; Leaves at the first 64 bytes with a difference among them; what follows narrows it down.
        (block $done
          (loop $next
            (br_if $done (i32.lt_u (local.get $left) (i32.const 64)))
            (br_if $done (v128.any_true
              (v128.or
                (v128.or
                  (v128.xor (v128.xor (v128.load (local.get $source)) (local.get $wide)) (v128.load (local.get $address)))
                  (v128.xor
                    (v128.xor (v128.load offset=16 (local.get $source)) (local.get $wide))
                    (v128.load offset=16 (local.get $address))))
                (v128.or
                  (v128.xor
                    (v128.xor (v128.load offset=32 (local.get $source)) (local.get $wide))
                    (v128.load offset=32 (local.get $address)))
                  (v128.xor
                    (v128.xor (v128.load offset=48 (local.get $source)) (local.get $wide))
                    (v128.load offset=48 (local.get $address)))))))
            (local.set $address (i32.add (local.get $address) (i32.const 64)))
            (local.set $source (i32.add (local.get $source) (i32.const 64)))
            (local.set $left (i32.sub (local.get $left) (i32.const 64)))
            (br $next)))
        (block $done
          (loop $next
            (br_if $done (i32.lt_u (local.get $left) (i32.const 16)))
            (br_if $done (v128.any_true
              (v128.xor (v128.xor (v128.load (local.get $source)) (local.get $wide)) (v128.load (local.get $address)))))
            (local.set $address (i32.add (local.get $address) (i32.const 16)))
            (local.set $source (i32.add (local.get $source) (i32.const 16)))
            (local.set $left (i32.sub (local.get $left) (i32.const 16)))
            (br $next)))
        (block $done
          (loop $next
            (br_if $done (i32.eqz (local.get $left)))
            (if (i32.ne
                  (i32.load8_u (local.get $address))
                  (i32.and
                    (i32.xor (i32.load8_u (local.get $source)) (i32.wrap_i64 (local.get $mask)))
                    (i32.const 0xff)))
              (then (return (i32.sub (local.get $address) (local.get $begin)))))
            (local.set $mask (i64.rotr (local.get $mask) (i64.const 8)))
            (local.set $address (i32.add (local.get $address) (i32.const 1)))
            (local.set $source (i32.add (local.get $source) (i32.const 1)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $next)))
        (local.set $within (i32.const 0))
        (local.set $block (i32.add (local.get $block) (i32.const 1)))
        (br $nextBlock)))
    (i32.const -1)))
