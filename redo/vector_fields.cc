#include "redo/vector_fields.h"

namespace redoubt::redo {
namespace {

class FieldDecoder {
 public:
  explicit FieldDecoder(const Vector& v) : v_(v), cursor_(v.fields()) { fields_.reserve(v.field_count); }

  std::vector<Field> run() {
    if (v_.encrypted()) {
      rest("ciphertext");
    } else {
      by_opcode();
      rest("unknown");
    }
    return std::move(fields_);
  }

 private:
  bool empty() const { return cursor_.empty(); }
  std::size_t next_size() const { return cursor_.empty() ? 0 : cursor_.peek_size(); }

  // The next field as a T; null when there is none or it is no T. Valid until the next field is taken.
  template <class T>
  const T* take(const char* name) {
    if (empty()) return nullptr;
    const Bytes bytes = cursor_.next();
    Field& field = fields_.emplace_back();
    field.size = static_cast<std::uint16_t>(bytes.size());
    field.name = name;
    try {
      return &field.value.emplace<T>(decode<T>(bytes, v_.order));
    } catch (const Malformed&) {
      field.value = Content{bytes.empty() ? Content::Kind::kUnknown : Content::Kind::kMalformed, 0, bytes};
      return nullptr;
    }
  }
  void content(const char* name, Content::Kind kind, unsigned index = 0) {
    if (empty()) return;
    const Bytes bytes = cursor_.next();
    fields_.push_back(
        {static_cast<std::uint16_t>(bytes.size()), name, Content{kind, static_cast<std::uint16_t>(index), bytes}});
  }
  void text(const char* name) { content(name, Content::Kind::kText); }
  void data(const char* name) { content(name, Content::Kind::kData); }
  void rest(const char* name) {
    while (!empty()) content(name, Content::Kind::kUnknown);
  }
  void empties() {
    while (!empty() && cursor_.peek_size() == 0) content("empty", Content::Kind::kUnknown);
  }

  void by_opcode() {
    switch (v_.op) {
      case kUndo: return undo();
      case kBeginTransaction: return begin();
      case kEndTransaction: return end();
      case kUndoApplied:
      case kUndoAppliedLast:
        take<Ktub>("ktub redo");
        take<RollbackPosition>("position");
        return;
      case kStateChange: take<Ktust>("ktust redo"); return;
      case kSession:
      case kSessionContinued: return session();
      case kLobMarker: return lob_marker();
      case kArrayUpdate: take<Ktb>("KTB Redo"); return;
      case kDirectBlock: return direct_block();
      case kDdl: return ddl();
      case kTransactionMarker: return transaction_marker();
      case kDirectLoadMarker: take<DirectLoadMarker>("direct load"); return;
      case kXmlMarker: return xml_marker();
      case kLobRedo:
        take<Ktb>("KTB Redo");
        take<KdliCommon>("KDLI common");
        return kdli();
      case kLobImage: return lob_image();
      default: break;
    }
    if (layer_of(v_.op) == 10) return index();
    if (layer_of(v_.op) == 11) return row();
  }

  // --- layer 5

  void undo() {
    take<Ktudb>("ktudb redo");
    const Ktub* ktub = take<Ktub>("ktub redo");
    // A part of a split undo: its fields mean something only when joined with the others.
    if (!ktub || (ktub->flg & kUndoSplit) != 0) return;
    switch (ktub->opc()) {
      case opcode(11, 1): take<Ktb>("KTB Redo"); return row_operation();
      case opcode(10, 22): take<Ktb>("KTB Redo"); return index_undo();
      case opcode(10, 21):
        take<Ktb>("KTB Redo");
        take<KdilkBranch>("kdilk");
        return;
      case opcode(26, 1):
        take<Ktb>("KTB Redo");
        take<KdliCommon>("KDLI common");
        return kdli();
      case opcode(14, 8): take<NumberField>("new data object"); return;
      default: return;
    }
  }

  void begin() {
    take<Ktudh>("ktudh redo");
    if (cursor_.left() == 2) content("kteop redo", Content::Kind::kUnknown);
    if (cursor_.left() == 1 && next_size() == 4) take<NumberField>("pdbuid");
  }

  void end() {
    const Ktucm* ktucm = take<Ktucm>("ktucm redo");
    if (!ktucm) return;
    const std::uint8_t flg = ktucm->flg;
    if ((flg & kEndUndoPosition) != 0 && next_size() == kKtucfSize) take<Ktucf>("ktucf redo");
    while (!empty()) {
      switch (next_size()) {
        case kCommitTimeSize: take<CommitTime>("commit time"); break;
        case 4: take<NumberField>("time"); break;
        case 8: take<ScnField>("parent scn"); break;
        default: content("unknown", Content::Kind::kUnknown);
      }
    }
  }

  void session() {
    take<SessionId>("session");
    if (v_.op == kSession)
      for (const char* name : {"current username", "login username", "client info", "OS username", "Machine name",
                               "OS terminal", "OS process id", "OS program name"})
        text(name);
    text("transaction name");
    take<SessionFlags>("Flags");
    take<NumberField>("version");
    take<NumberField>("audit sessionid");
    if (v_.op == kSessionContinued) content("unknown", Content::Kind::kUnknown);
    text("Client Id");
    if (v_.op == kSessionContinued) text("login username");
  }

  // --- rows

  void row() {
    take<Ktb>("KTB Redo");
    if (next_size() >= kKdoSize) row_operation();
  }

  void row_operation() {
    const Kdo* found = take<Kdo>("KDO");
    if (!found) return;
    const Kdo kdo = *found;
    switch (kdo.row_op()) {
      case RowOp::kInsert:
      case RowOp::kOverwrite: piece(kdo); break;
      case RowOp::kUpdate: update(kdo); break;
      case RowOp::kInsertMany:
        take<ListField>("row lengths");
        data("rows");
        break;
      default: break;
    }
    const bool piece_op =
        kdo.row_op() == RowOp::kInsert || kdo.row_op() == RowOp::kOverwrite || kdo.row_op() == RowOp::kUpdate;
    if (piece_op && (kdo.op & kKdoRowDependencies) != 0) {
      empties();
      if (next_size() >= 8) take<ScnField>("dscn");
    }
    supplemental();
  }

  // As read_piece: null bits decide, and a null column may lack its field.
  void column(bool null, unsigned position) {
    if (null) {
      if (!empty() && next_size() == 0) content("col", Content::Kind::kNull, position);
      return;
    }
    empties();
    content("col", Content::Kind::kColumn, position);
  }

  void piece(const Kdo& kdo) {
    if (kdo.cc != 1 && kdo.size != 0 && next_size() == kdo.size) return data("row");
    for (unsigned i = 0; i < kdo.cc; ++i) column(kdo.null_bit(i), i);
  }

  void update(const Kdo& kdo) {
    const ListField* list = take<ListField>("column list");
    if (!list) return;
    if ((kdo.flags & kKdoPacked) != 0) return data("row");
    const std::vector<std::uint16_t> numbers = list->numbers;
    for (unsigned i = 0; i < kdo.nnew && i < numbers.size(); ++i) column(kdo.null_bit(i), numbers[i]);
  }

  void supplemental() {
    empties();
    if (next_size() < kSupplementalSize) return;
    const SupplementalHeader* found = take<SupplementalHeader>("supplemental");
    if (!found || found->columns == 0 || cursor_.left() < 2) return;
    const unsigned columns = found->columns;
    const std::vector<std::uint16_t> numbers = take<ListField>("supplemental columns")->numbers;
    take<ListField>("supplemental lengths");
    for (unsigned i = 0; i < columns && i < numbers.size(); ++i)
      content("supplemental col", next_size() == 0 ? Content::Kind::kNull : Content::Kind::kColumn, numbers[i]);
  }

  // --- index

  void index() {
    take<Ktb>("KTB Redo");
    switch (v_.op) {
      case kIndexInsert:
        take<IndexRow>("index redo");
        data("key");
        data("keydata");
        take<ListField>("key sizes");
        return;
      case kIndexDelete: take<IndexRow>("index redo"); return;
      case kIndexNewLeaf:
        take<IndexNewLeaf>("new leaf");
        take<ListField>("row index");
        data("rows");
        return;
      case kIndexUpdateKeyData:
        take<IndexKeyUpdate>("index redo");
        data("keydata");
        return;
      case kIotUpdateRow:
        take<IndexRow>("index redo");
        data("row");
        return;
      case kIotUpdateColumns: {
        const IotColumns* columns = take<IotColumns>("index redo");
        if (columns) list_and_values(columns->nnew);
        return;
      }
      default: return;
    }
  }

  void index_undo() {
    const Kdilk* found = take<Kdilk>("kdilk");
    if (!found) return;
    const bool columns = found->undo() == LeafUndo::kColumns;
    const bool has_supplemental = (found->flags & kKdilkSupplemental) != 0;
    const unsigned nnew = found->nnew;
    data("key");
    if (columns) {
      list_and_values(nnew);
      return supplemental();
    }
    while (has_supplemental ? !empty() && cursor_.left() > 1 && !at_supplemental() : !empty()) data("keydata");
    if (has_supplemental) supplemental();
  }

  // The block is announced, but not where it starts: at the first field as long as its header that has a known kind.
  bool at_supplemental() const {
    const std::size_t size = next_size();
    if (size != kSupplementalSize && size != kSupplementalAddressSize && size != kSupplementalFullSize) return false;
    FieldCursor ahead = cursor_;
    const Bytes field = ahead.next();
    return field[0] == 1 || field[0] == 2 || field[0] == 4 || field[0] == 8 || field[0] == 16;
  }

  void list_and_values(unsigned count) {
    const ListField* list = take<ListField>("column list");
    if (!list) return;
    const std::vector<std::uint16_t> numbers = list->numbers;
    for (unsigned i = 0; i < count && i < numbers.size(); ++i)
      content("col", next_size() == 0 ? Content::Kind::kNull : Content::Kind::kColumn, numbers[i]);
  }

  // --- LOBs and blocks

  void kdli() {
    while (!empty()) take<Kdli>("KDLI");
  }

  void lob_image() {
    const KdliCommon* common = take<KdliCommon>("KDLI common");
    const bool image = common && common->kind() == KdliOp::kImage;
    take<Kdli>("KDLI");
    take<Kdli>("KDLI");
    if (image) data("page");
    kdli();
  }

  void lob_marker() {
    content("unknown", Content::Kind::kUnknown);
    const ByteField* type = take<ByteField>("type");
    switch (type ? type->value : 0) {
      case 1: take<LobWriteMarker>("LOB write"); return;
      case 3: take<LobEndMarker>("LOB end"); return;
      case 4:
        take<LobPrepareMarker>("LOB prepare");
        take<ListField>("LOB columns");
        return;
      default: return;
    }
  }

  void direct_block() {
    if (has_block_image(v_)) {
      take<DirectBlock>("Direct Loader block");
    } else {
      take<LobPage>("LOB page");
    }
  }

  // --- markers

  void ddl() {
    const DdlHeader* header = take<DdlHeader>("DDL");
    if (!header) return;
    if (header->part > 1) return text("SQL");
    text("schema");
    for (int i = 3; i <= 7; ++i) text("name");
    text("SQL");
    for (int i = 9; i <= 11; ++i) content("unknown", Content::Kind::kUnknown);
    if (next_size() >= 4) take<NumberField>("object");
  }

  void transaction_marker() {
    take<TransactionMarker>("transaction");
    if (cursor_.left() < 3) return;  // a begin marker
    take<ByteField>("outcome");
    take<SessionFlags>("Flags");
    if (next_size() == 8) take<ScnField>("begin scn");
  }

  void xml_marker() {
    content("unknown", Content::Kind::kUnknown);
    content("unknown", Content::Kind::kUnknown);
    take<XidField>("xid");
    take<NumberField>("object");
    content("unknown", Content::Kind::kUnknown);
    take<ListField>("column");
    take<ListField>("status");
    data("XML");
  }

  const Vector& v_;
  FieldCursor cursor_;
  std::vector<Field> fields_;
};

}  // namespace

std::vector<Field> decode_fields(const Vector& v) { return FieldDecoder(v).run(); }

std::size_t content_size(const Field& field) {
  if (const auto* content = std::get_if<Content>(&field.value)) return content->bytes.size();
  if (const auto* block = std::get_if<DirectBlock>(&field.value)) return block->rows.size();
  if (const auto* page = std::get_if<LobPage>(&field.value)) return page->data.size();
  if (const auto* kdli = std::get_if<Kdli>(&field.value)) return kdli->data.size();
  return 0;
}

}  // namespace redoubt::redo
