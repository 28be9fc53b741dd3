package api

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"

	"github.com/atlascloudai/docket/core/access"
	"github.com/atlascloudai/docket/desk"
)

// legal puts the register, what is privileged, holds and erasure on the router.
func (s *surface) legal() {
	const privileged, holds = oneCase + "/privileged", oneCase + "/holds"
	s.exports()
	command(s, put(privileged+"/circle", "nameCircle", "Name the legal circle, which alone reads what is privileged", access.PrivilegeCircle), Desk.NameCircle)
	command(s, post(privileged, "recordPrivileged", "Mark something privileged", access.PrivilegeRecord).makes(), Desk.RecordPrivileged)
	register(s, get(privileged, "listPrivileged", "List what is privileged, without the words; for the legal circle", access.PrivilegeRead),
		func(ctx context.Context, actor access.Actor, in *partInput) (*answer[desk.Page[desk.PrivilegeLogEntry]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return page(s.desk.PrivilegeLog(ctx, actor, id, in.Cursor, in.Limit))
		})
	register(s, get(privileged+"/circle", "readCircle", "Read who is in the legal circle; for its members", access.PrivilegeRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.Page[string]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			handles, err := s.desk.Circle(ctx, actor, id)
			return page(desk.Page[string]{Items: handles}, err)
		})
	register(s, get(privileged+"/{id}", "readPrivileged", "Read something privileged; for the legal circle", access.PrivilegeRead),
		func(ctx context.Context, actor access.Actor, in *ItemParam) (*answer[desk.PrivilegedView], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			view, err := s.desk.Privileged(ctx, actor, id, in.ID)
			if err != nil {
				return nil, err
			}
			return &answer[desk.PrivilegedView]{Body: view}, nil
		})

	command(s, post(holds, "placeHold", "Place a legal hold: nothing of the case is shredded while it stands", access.HoldPlace).makes(), Desk.PlaceHold)
	item(s, post(holds+"/{id}/release", "releaseHold", "Release a legal hold", access.HoldRelease), Desk.ReleaseHold)
	register(s, get(holds, "listHolds", "List every legal hold that was placed", access.CaseRead),
		func(ctx context.Context, actor access.Actor, in *CaseParam) (*answer[desk.Page[desk.HoldView]], error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			views, err := s.desk.Holds(ctx, actor, id)
			return page(desk.Page[desk.HoldView]{Items: views}, err)
		})
	command(s, post(oneCase+"/shred", "shredCase", "Erase the words of a closed case; takes two people, refused while a legal hold stands", access.CaseShred), Desk.ShredCase)
}

type registerInput struct {
	Format string `query:"format" enum:"json,csv" default:"json" doc:"json, or csv for spreadsheets; the last line of either signs every byte before it"`
}

type counselInput struct {
	CaseParam
	Content bool `query:"content" doc:"With the words of what is privileged, for members of the legal circle"`
}

// exports are files that are sent as they are read.
func (s *surface) exports() {
	register(s, get("/v1/register", "exportRegister", "Export the register of breaches, signed", access.RegisterExport),
		func(_ context.Context, actor access.Actor, in *registerInput) (*huma.StreamResponse, error) {
			kind := jsonType
			if in.Format == "csv" {
				kind = "text/csv; charset=utf-8; header=present"
			}
			return s.stream(kind, "register."+in.Format, func(ctx context.Context, to io.Writer) error {
				return s.desk.Register(ctx, actor, in.Format, s.sign, to)
			})
		})
	register(s, get(oneCase+"/counsel", "exportForCounsel", "Export a case's facts with its privilege log, signed", access.CounselExport),
		func(ctx context.Context, actor access.Actor, in *counselInput) (*huma.StreamResponse, error) {
			id, err := s.resolve(ctx, actor, in.Case)
			if err != nil {
				return nil, err
			}
			return s.stream(jsonType, "counsel.json", func(ctx context.Context, to io.Writer) error {
				return s.desk.ExportForCounsel(ctx, actor, id, in.Content, s.sign, to)
			})
		})
}
