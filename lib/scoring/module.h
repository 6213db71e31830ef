/* The plain C interface between mlpipe and a scoring module (mlpipe_torch.so). Only worker processes open one.
   A module exports `const struct mlpipe_scoring_module* mlpipe_scoring_module_v2(void)`. Texts end with a 0 and are valid
   during the call, unless they come with a length. */
#ifndef MLPIPE_SCORING_MODULE_H
#define MLPIPE_SCORING_MODULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mlpipe_scorer; /* a loaded model with its preprocessing; owned by the caller of open */

struct mlpipe_item {
  const char* path; /* absolute, any bytes */
};

enum mlpipe_table_format { mlpipe_delimited = 0, mlpipe_json_lines = 1, mlpipe_parquet = 2 };

struct mlpipe_range {
  uint64_t begin, end; /* bytes; of Parquet, row groups */
};

/* A column that the path of a file gives. */
struct mlpipe_path_column {
  const char *name, *value;
};

/* Rows of one file, in the order of the ranges. */
struct mlpipe_table_piece {
  const char* path;
  int format;              /* enum mlpipe_table_format */
  const char* delimiter;   /* of delimited text; any number of bytes */
  int has_header;
  uint64_t header_bytes;   /* of the header's line, a byte order mark among them */
  const char* header_path; /* the file whose header names the columns; "": this one */
  const struct mlpipe_range* ranges;
  size_t range_count;
  const struct mlpipe_path_column* columns;
  size_t column_count;
};

/* Either files (items), or rows of tables: those from `row_first` on, `row_count` many, of all that the pieces have. An item is a
   file, or a row. */
struct mlpipe_mini_batch {
  const struct mlpipe_item* items;
  size_t item_count;
  const struct mlpipe_table_piece* pieces;
  size_t piece_count;
  uint64_t first_row; /* number, within its input, of the first item: of row `row_first` of the pieces */
  size_t row_first, row_count;
};

/* What becomes of items. Rows come in the order of the items; what an item gave before it failed is void. */
struct mlpipe_row_sink {
  void* context;
  /* Whole lines, each with its line end: of one item any number, of several items (from `item` on) one each, the last of what they give: an
     item that may still fail is told alone. Where the output is files,
     one call for all items with what scoring/rows/mini_batch_files.h says. */
  void (*rows)(void* context, size_t item, size_t count, const char* text, size_t length);
  void (*failed)(void* context, size_t item, const char* reason, size_t length);
};

/* How long forward passes of one size take. */
struct mlpipe_timing {
  size_t batch_size;
  size_t passes;
  double median_seconds, fastest_seconds, slowest_seconds; /* of one pass, warmed up */
};

struct mlpipe_scoring_module {
  const char* version; /* of the module and its LibTorch, for doctor */
  /* `configuration`: the JSON text that scoring/configuration.h writes. NULL: failed, and *error is a text that
     free_text takes back. Starts no thread, so that the process can fork afterwards. */
  struct mlpipe_scorer* (*open)(const char* configuration, char** error);
  /* What was opened, as JSON that scoring/model_facts.h reads. Valid until close. */
  const char* (*facts)(const struct mlpipe_scorer*);
  /* Scores all items in fixed batches, the last one padded. 0: every item got its rows or a reason; else *error says why
     the mini-batch as a whole failed (for free_text). */
  int (*score)(struct mlpipe_scorer*, const struct mlpipe_mini_batch*, const struct mlpipe_row_sink*, char** error);
  /* Runs the model on made-up input, `batch_size` rows of the shape that the configuration implies, for about `seconds`, at least
     three times. `values`, when it is not NULL, gets what the first rows of the last pass gave, at most `value_count` numbers. */
  int (*measure)(struct mlpipe_scorer*, size_t batch_size, double seconds, struct mlpipe_timing*, float* values, size_t value_count, char** error);
  void (*close)(struct mlpipe_scorer*);
  void (*free_text)(char*);
};

#ifdef __cplusplus
}
#endif
#endif
